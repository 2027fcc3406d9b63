using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Runtime.Benchmarks.IO;

/// <summary>Many connections to an echo server, and one thread that keeps them busy in a given way.</summary>
[SkipLocalsInit]
internal sealed unsafe class LoadClient : IDisposable
{
    /// <summary>How long a message is. The server sends back whole messages only.</summary>
    public const int MessageLength = 64;

    private readonly int _epoll = LoadNative.Create();
    private readonly List<Socket> _sockets = [];
    private readonly List<int> _descriptors = [];
    private readonly LatencyBuckets _latencies = new();
    private readonly uint[] _ready = new uint[256];

    // By connection: when its message was due, and how much of the answer has come; 0: none is under way.
    private long[] _due = [];
    private int[] _received = [];

    /// <summary>Brings the number of connections to so many.</summary>
    public void Connect(int port, int count)
    {
        for (var index = _sockets.Count; index < count; index++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Connect(new IPEndPoint(IPAddress.Loopback, port));
            _sockets.Add(socket);
            _descriptors.Add((int)socket.Handle);
            LoadNative.Watch(_epoll, (int)socket.Handle, (uint)index);
        }

        _due = new long[_sockets.Count];
        _received = new int[_sockets.Count];
    }

    /// <summary>Each of the connections sends its next message when it has the answer to the one before.</summary>
    public LoadResult RunClosed(int connections, TimeSpan time)
    {
        _latencies.Clear();
        var began = Stopwatch.GetTimestamp();
        var end = began + (long)(time.TotalSeconds * Stopwatch.Frequency);
        for (var index = 0; index < connections; index++)
        {
            Send(index, Stopwatch.GetTimestamp());
        }

        var open = connections;
        while (open > 0)
        {
            foreach (var index in _ready.AsSpan(0, LoadNative.Wait(_epoll, _ready, 1_000_000_000)))
            {
                if (!Receive((int)index))
                {
                    continue;
                }

                var now = Stopwatch.GetTimestamp();
                _latencies.Add(now - _due[index]);
                if (now < end)
                {
                    Send((int)index, now);
                }
                else
                {
                    open--;
                }
            }
        }

        return Result(began);
    }

    /// <summary>Messages are due at random moments at a given rate, whether or not answers have come; a latency counts from the moment a message was due.</summary>
    /// <param name="connections">How many take part, one after another.</param>
    /// <param name="slow">How many more send one byte every tenth of a second, and so never a whole message in time.</param>
    /// <param name="rate">Messages a second.</param>
    /// <param name="time">How long.</param>
    /// <param name="seed">Of the moments.</param>
    public LoadResult RunOpen(int connections, int slow, double rate, TimeSpan time, int seed)
    {
        LoadNative.SharpenTimers();
        _latencies.Clear();
        var random = new Random(seed);
        var idle = new Queue<int>(Enumerable.Range(0, connections));
        var began = Stopwatch.GetTimestamp();
        var end = began + (long)(time.TotalSeconds * Stopwatch.Frequency);
        var next = began;
        var nextSlow = began;
        var slowIndex = 0;
        while (next < end || idle.Count < connections)
        {
            var now = Stopwatch.GetTimestamp();
            while (next <= now && next < end && idle.TryDequeue(out var index))
            {
                Send(index, next);
                next += (long)(-Math.Log(1 - random.NextDouble()) / rate * Stopwatch.Frequency);
            }

            if (slow > 0 && nextSlow <= now && now < end)
            {
                SendByte(connections + (slowIndex++ % slow));
                nextSlow += Stopwatch.Frequency / 10 / slow;
            }

            // It sleeps until the next message is due: spinning would take a processor away from the server.
            var wake = next < end && idle.Count > 0 ? next : now + Stopwatch.Frequency;
            if (slow > 0 && now < end)
            {
                wake = Math.Min(wake, nextSlow);
            }

            var nanoseconds = Math.Max(0, wake - Stopwatch.GetTimestamp()) * (1_000_000_000 / Stopwatch.Frequency);
            foreach (var index in _ready.AsSpan(0, LoadNative.Wait(_epoll, _ready, nanoseconds)))
            {
                if (index < connections && Receive((int)index))
                {
                    _latencies.Add(Stopwatch.GetTimestamp() - _due[index]);
                    idle.Enqueue((int)index);
                }
            }
        }

        return Result(began);
    }

    public void Dispose() => _sockets.ForEach(static socket => socket.Dispose());

    private LoadResult Result(long began) => new(_latencies.Count, Stopwatch.GetElapsedTime(began).TotalSeconds, _latencies.Quantile(0.5), _latencies.Quantile(0.99));

    private void Send(int index, long due)
    {
        var message = stackalloc byte[MessageLength];
        _due[index] = due;
        _received[index] = 0;
        if (LoadNative.Send(_descriptors[index], message, MessageLength) != MessageLength)
        {
            throw new IOException("A message was not taken whole.");
        }
    }

    private void SendByte(int index)
    {
        byte one = 0;
        _ = LoadNative.Send(_descriptors[index], &one, 1);
    }

    // Whether the answer is whole.
    private bool Receive(int index)
    {
        var buffer = stackalloc byte[4 * MessageLength];
        var count = LoadNative.Receive(_descriptors[index], buffer, 4 * MessageLength);
        if (count == 0)
        {
            throw new IOException("The server has closed a connection.");
        }

        _received[index] += Math.Max(0, count);
        return count > 0 && _received[index] == MessageLength;
    }
}
