using System.Globalization;
using Npgsql;
using Runtime.Jobs.PostgreSql.Tests.Server;

namespace Runtime.Jobs.PostgreSql.Tests.Nodes;

/// <summary>Who is told of new jobs, and when.</summary>
[Collection(PostgreSqlCollection.Name)]
public sealed class NotificationTests(PostgreSqlServer server)
{
    private readonly string _schema = $"t{Guid.NewGuid():N}";
    private readonly PausableClock _clock = new();

    [Fact]
    public async Task Enqueue_BesideOthers_IsToldToTheNodeItselfAsToTheOthers()
    {
        await using var one = await OpenAsync(_clock);
        await using var other = await OpenAsync(TimeProvider.System);
        await TellEachOtherAsync(one, other);
        var own = one.Listener.Arrivals;
        await Eventually.TrueAsync(async () =>
        {
            _clock.Resume();
            var (before, others) = (one.Listener.Arrivals, other.Listener.Arrivals);
            _clock.Pause(); // between two messages, or else once more: it sends one, and then waits for its pause to be over
            await one.EnqueueAsync(StoreNode.Job());
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
            own = one.Listener.Arrivals;
            return own > before && other.Listener.Arrivals > others;
        });

        for (var i = 0; i < 50; i++)
        {
            await one.EnqueueAsync(StoreNode.Job());
        }

        one.Listener.Arrivals.ShouldBe(own, "it must not run ahead of the others with its own jobs");
        _clock.Resume();
        await Eventually.TrueAsync(() => one.Listener.Arrivals > own);
    }

    [Fact]
    public async Task Enqueue_OfANodeThatIsAlone_IsToldAtOnce()
    {
        await using var node = await OpenAsync(_clock);
        _clock.Pause();
        for (var i = 1; i <= 3; i++)
        {
            var before = node.Listener.Arrivals;
            await node.EnqueueAsync(StoreNode.Job());
            node.Listener.Arrivals.ShouldBeGreaterThan(before);
        }
    }

    [Fact]
    public async Task Connection_ThatHasGoneSilent_IsMadeUpFor_AndReplaced()
    {
        await using var one = await OpenAsync(TimeProvider.System);
        await using var other = await OpenAsync(TimeProvider.System);
        await TellEachOtherAsync(one, other);
        var listeners = await ListenersAsync();
        listeners.Count.ShouldBe(2);
        try
        {
            foreach (var listener in listeners)
            {
                await Programs.RunAsync("kill", "-STOP", listener.ToString(CultureInfo.InvariantCulture));
            }

            var before = one.Listener.Arrivals;
            await one.EnqueueAsync(StoreNode.Job());
            await Eventually.TrueAsync(() => one.Listener.Arrivals > before);

            await Eventually.TrueAsync(async () =>
            {
                await one.EnqueueAsync(StoreNode.Job());
                return (await ListenersAsync()).Except(listeners).Any();
            });
        }
        finally
        {
            foreach (var listener in listeners)
            {
                await Programs.RunAsync("kill", "-CONT", listener.ToString(CultureInfo.InvariantCulture));
            }
        }
    }

    // A node finds out with its next renewal that it is not alone.
    private static Task TellEachOtherAsync(StoreNode one, StoreNode other) => Eventually.TrueAsync(async () =>
    {
        var before = other.Listener.Arrivals; // nobody has asked for jobs, so no timer tells it to look
        await one.EnqueueAsync(StoreNode.Job());
        await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        return other.Listener.Arrivals > before;
    });

    private Task<StoreNode> OpenAsync(TimeProvider timers) => StoreNode.OpenAsync($"{server.ConnectionString};Application Name={_schema}", _schema, timers: timers);

    private async Task<List<int>> ListenersAsync()
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"SELECT pid FROM pg_stat_activity WHERE application_name = '{_schema}' AND query LIKE 'LISTEN%'", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var listeners = new List<int>();
        while (await reader.ReadAsync())
        {
            listeners.Add(reader.GetInt32(0));
        }

        return listeners;
    }
}
