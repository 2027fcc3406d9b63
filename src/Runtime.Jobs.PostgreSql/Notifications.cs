using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Npgsql;

namespace Runtime.Jobs.PostgreSql;

/// <summary>What the processes that share the tables tell each other: <c>NOTIFY</c>, gathered, on a connection of its own.</summary>
/// <remarks>
/// <para>Only to be faster: whatever is told here is also found by looking. So nothing here fails the caller, and a lost message costs a moment.</para>
/// <para>A <c>NOTIFY</c> takes a lock of the whole server at its commit; so it is never part of a transaction that does work, nor sent more than fifty times a second, nor at all while this
/// process is alone.</para>
/// <para>Of new jobs this process hears as the others do, by its own message: a call past them would let it take every job before they know of any. A message that does not come back is made up for, and when none does
/// for a while the connection is taken for dead.</para>
/// </remarks>
internal sealed class Notifications(Database database, Func<long> nodeId, Func<bool> isAlone, INotificationSink sink, TimeProvider clock) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan ShortestRetry = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(5);

    private const string Work = "w";
    private const string Wake = "";

    // What a NOTIFY can carry is 8,000 bytes; an id takes 33.
    private const int MostIds = 200;

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<string> _pending = new(StringComparer.Ordinal);
    private readonly List<Guid> _ended = [];
    private Task _sending = Task.CompletedTask;
    private Task _listening = Task.CompletedTask;
    private volatile bool _isListening;

    // How many of our own messages of new jobs have come back, and since when one is missing; 0: none is.
    private long _heard;
    private long _silentSince;
    private volatile CancellationTokenSource? _connection;

    /// <summary>Gets whether messages of others arrive.</summary>
    public bool IsListening => _isListening;

    public void Start() => _listening = ListenAsync();

    /// <summary>Tells the others, soon.</summary>
    /// <returns>Whether this process is told of new jobs with them; else it has to be told at once.</returns>
    public bool Tell(Outbox outbox)
    {
        if (isAlone() || _stop.IsCancellationRequested)
        {
            return false;
        }

        lock (_lock)
        {
            if (outbox.Work)
            {
                _pending.Add(Work);
            }

            if (outbox.Schedules)
            {
                _pending.Add("s");
            }

            foreach (var (id, _) in outbox.Cancellations)
            {
                _pending.Add(string.Create(CultureInfo.InvariantCulture, $"c{id:N}"));
            }

            _ended.AddRange(outbox.Ended.Where(static ended => ended.IsAwaited).Select(static ended => ended.Id));
            if (_sending.IsCompleted && (_pending.Count > 0 || _ended.Count > 0))
            {
                _sending = SendAsync();
            }
        }

        return _isListening;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await WakeListenerAsync();
        await _listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "See remarks of the class.")]
    private async Task SendAsync()
    {
        await Task.Yield();
        while (true)
        {
            string[] messages;
            var isOfWork = false;
            lock (_lock)
            {
                isOfWork = _pending.Contains(Work);
                messages = Take();
                if (messages.Length == 0)
                {
                    _sending = Task.CompletedTask;
                    return;
                }
            }

            var before = Volatile.Read(ref _heard);
            try
            {
                // What is gone at the next moment need not be synced.
                await database.RunAsync(
                    session => session.RunAsync("SELECT set_config('synchronous_commit', 'off', true), pg_notify('{s}', m) FROM unnest($1::text[]) AS m", [PgValue.Texts(messages)]), _stop.Token).ConfigureAwait(false);
                await Task.Delay(Pause, clock, _stop.Token).ConfigureAwait(false);
            }
            catch (Exception)
            {
                // Found by looking.
            }

            if (isOfWork && Volatile.Read(ref _heard) == before)
            {
                sink.WorkArrived();
                ListenAgainAfterSilence();
            }
        }
    }

    // Or else it ends with its present wait.
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "See remarks of the class.")]
    private async Task WakeListenerAsync()
    {
        try
        {
            if (_isListening)
            {
                await database.RunAsync(session => session.RunAsync("SELECT set_config('synchronous_commit', 'off', true), pg_notify('{s}', $1)", [PgValue.Text(Wake)]), CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception)
        {
            // See above.
        }
    }

    // A connection that the network has dropped without a word would be waited on for hours.
    private void ListenAgainAfterSilence()
    {
        var since = Interlocked.CompareExchange(ref _silentSince, clock.GetTimestamp(), 0);
        if (since != 0 && clock.GetElapsedTime(since) > LongestSilence)
        {
            Interlocked.Exchange(ref _silentSince, 0);
            try
            {
                _connection?.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It has just ended by itself.
            }
        }
    }

    // Under the lock.
    private string[] Take()
    {
        var from = nodeId().ToString(CultureInfo.InvariantCulture);
        var messages = _pending.Select(message => $"{from}|{message}").ToList();
        _pending.Clear();
        foreach (var ids in _ended.Chunk(MostIds))
        {
            messages.Add($"{from}|e{string.Join(',', ids.Select(static id => id.ToString("N")))}");
        }

        _ended.Clear();
        return [.. messages];
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "See remarks of the class.")]
    private async Task ListenAsync()
    {
        for (var retry = ShortestRetry; !_stop.IsCancellationRequested; retry = retry * 2 < LongestRetry ? retry * 2 : LongestRetry)
        {
            using var current = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            try
            {
                await using var connection = await database.OpenOwnAsync(current.Token).ConfigureAwait(false);
                connection.Notification += (_, message) => Hear(message.Payload);
                await using (var listen = new NpgsqlCommand(database.Text("LISTEN {s}"), connection))
                {
                    await listen.ExecuteNonQueryAsync(current.Token).ConfigureAwait(false);
                }

                _connection = current;
                _isListening = true;
                retry = ShortestRetry;
                sink.Missed(); // whatever was told before this, or while there was no connection
                while (!current.IsCancellationRequested)
                {
                    // Never cancelled: Npgsql may deadlock then (npgsql/npgsql#5975).
                    await connection.WaitAsync(LongestWait, CancellationToken.None).ConfigureAwait(false);
                }

                _isListening = false;
                _connection = null;
            }
            catch (Exception)
            {
                _isListening = false;
                _connection = null;
            }

            await Task.Delay(retry, clock, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Hear(string payload)
    {
        var bar = payload.IndexOf('|', StringComparison.Ordinal);
        if (bar < 0 || payload.Length < bar + 2)
        {
            return; // nothing of ours
        }

        var rest = payload[(bar + 2)..];
        if (payload.AsSpan(0, bar).SequenceEqual(nodeId().ToString(CultureInfo.InvariantCulture)))
        {
            if (payload.AsSpan(bar + 1).SequenceEqual(Work))
            {
                Interlocked.Exchange(ref _silentSince, 0);
                Interlocked.Increment(ref _heard);
                sink.WorkArrived();
            }

            return; // this process knows the rest
        }

        switch (payload[bar + 1])
        {
            case 'w':
                sink.WorkArrived();
                break;
            case 's':
                sink.SchedulesChanged();
                break;
            case 'c':
                sink.CancellationsArrived();
                break;
            case 'e':
                foreach (var text in rest.Split(','))
                {
                    if (Guid.TryParseExact(text, "N", out var id))
                    {
                        sink.JobEnded(id);
                    }
                }

                break;
        }
    }
}
