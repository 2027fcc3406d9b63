using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using Runtime.Benchmarks.IO;

namespace Runtime.Benchmarks.Web;

/// <summary>Requests at random moments at a given rate, on keep-alive connections, from one thread.</summary>
/// <remarks>
/// The latency of a request counts from the moment at which it was due, not from the one at which a connection was free for it: a server that stalls is charged for all the requests that
/// would have come meanwhile (coordinated omission, Gil Tene). What has no answer a second after the end counts as unanswered, with the time it has waited.
/// </remarks>
[SkipLocalsInit]
internal sealed unsafe class WebLoad : IDisposable
{
    private static readonly byte[] Request = Encoding.ASCII.GetBytes("GET /ping HTTP/1.1\r\nHost: bench\r\n\r\n");
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly int _epoll = LoadNative.Create();
    private readonly Socket[] _sockets;
    private readonly int[] _descriptors;
    private readonly long[] _due;
    private readonly int[] _received;
    private readonly bool[] _busy;
    private readonly LatencyBuckets _latencies = new();
    private readonly uint[] _ready = new uint[256];
    private readonly int _answer;

    public WebLoad(int port, int connections)
    {
        LoadNative.SharpenTimers();
        _sockets = new Socket[connections];
        for (var i = 0; i < connections; i++)
        {
            _sockets[i] = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            _sockets[i].Connect(new IPEndPoint(IPAddress.Loopback, port));
        }

        _answer = LengthOfAnswer(_sockets[0]);
        _descriptors = [.. _sockets.Select(static socket => (int)socket.Handle)];
        for (var i = 0; i < connections; i++)
        {
            LoadNative.Watch(_epoll, _descriptors[i], (uint)i);
        }

        _due = new long[connections];
        _received = new int[connections];
        _busy = new bool[connections];
    }

    /// <summary>Each connection sends its next request when it has the answer to the last.</summary>
    /// <returns>Requests a second.</returns>
    public double RunClosed(TimeSpan time)
    {
        _latencies.Clear();
        var began = Stopwatch.GetTimestamp();
        var end = began + (long)(time.TotalSeconds * Stopwatch.Frequency);
        for (var i = 0; i < _sockets.Length; i++)
        {
            Send(i, began);
        }

        for (var open = _sockets.Length; open > 0;)
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

        return _latencies.Count / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>Runs at a rate.</summary>
    public WebResult RunOpen(double rate, TimeSpan time, int seed)
    {
        _latencies.Clear();
        var random = new Random(seed);
        var idle = new Queue<int>();
        for (var i = 0; i < _busy.Length; i++)
        {
            if (!_busy[i])
            {
                idle.Enqueue(i);
            }
        }

        var waiting = new Queue<long>();
        var began = Stopwatch.GetTimestamp();
        var end = began + (long)(time.TotalSeconds * Stopwatch.Frequency);
        var over = end + (long)(Grace.TotalSeconds * Stopwatch.Frequency);
        var next = began;
        long offered = 0;
        long answered = 0;
        var flying = 0;
        while (true)
        {
            var now = Stopwatch.GetTimestamp();
            for (; next <= now && next < end; offered++)
            {
                waiting.Enqueue(next);
                next += (long)(-Math.Log(1 - random.NextDouble()) / rate * Stopwatch.Frequency);
            }

            while (idle.Count > 0 && waiting.TryDequeue(out var due))
            {
                Send(idle.Dequeue(), due);
                flying++;
            }

            if (now >= over || (now >= end && flying == 0 && waiting.Count == 0))
            {
                break;
            }

            var wake = next < end ? next : now < end ? end : over;
            var nanoseconds = Math.Max(0, wake - Stopwatch.GetTimestamp()) * (1_000_000_000 / Stopwatch.Frequency);
            foreach (var index in _ready.AsSpan(0, LoadNative.Wait(_epoll, _ready, nanoseconds)))
            {
                if (_busy[index] && Receive((int)index))
                {
                    idle.Enqueue((int)index);
                    if (_due[index] < began)
                    {
                        continue; // of an earlier run, which has counted it as unanswered
                    }

                    _latencies.Add(Stopwatch.GetTimestamp() - _due[index]);
                    answered++;
                    flying--;
                }
            }
        }

        var last = Stopwatch.GetTimestamp();
        for (var i = 0; i < _busy.Length; i++)
        {
            if (_busy[i] && _due[i] >= began)
            {
                _latencies.Add(last - _due[i]);
            }
        }

        foreach (var due in waiting)
        {
            _latencies.Add(last - due);
        }

        return new WebResult(offered, answered, _latencies.Quantile(0.5), _latencies.Quantile(0.99), _latencies.Quantile(0.999));
    }

    public void Dispose()
    {
        foreach (var socket in _sockets)
        {
            socket.Dispose();
        }
    }

    // All answers are alike: the date has a fixed length.
    private static int LengthOfAnswer(Socket socket)
    {
        socket.Send(Request);
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (true)
        {
            text.Append(Encoding.ASCII.GetString(buffer, 0, socket.Receive(buffer)));
            var answer = text.ToString();
            var head = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            const string Length = "Content-Length: ";
            var at = answer.IndexOf(Length, StringComparison.Ordinal);
            if (head >= 0 && at >= 0)
            {
                var length = int.Parse(answer.AsSpan(at + Length.Length, answer.IndexOf('\r', at) - at - Length.Length), CultureInfo.InvariantCulture);
                if (answer.Length == head + 4 + length)
                {
                    return answer.Length;
                }
            }
        }
    }

    private void Send(int index, long due)
    {
        _due[index] = due;
        _received[index] = 0;
        _busy[index] = true;
        fixed (byte* bytes = Request)
        {
            if (LoadNative.Send(_descriptors[index], bytes, Request.Length) != Request.Length)
            {
                throw new IOException("A request was not taken whole.");
            }
        }
    }

    // Whether the answer is whole.
    private bool Receive(int index)
    {
        const int Size = 4096;
        var buffer = stackalloc byte[Size];
        var count = LoadNative.Receive(_descriptors[index], buffer, Size);
        if (count == 0)
        {
            throw new IOException("The server has closed a connection.");
        }

        _received[index] += Math.Max(0, count);
        if (count <= 0 || _received[index] < _answer)
        {
            return false;
        }

        _busy[index] = false;
        return true;
    }
}
