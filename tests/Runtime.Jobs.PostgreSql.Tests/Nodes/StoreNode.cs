using Runtime.Hosting;
using Runtime.Hosting.Jobs;
using Runtime.Jobs.Conformance;

namespace Runtime.Jobs.PostgreSql.Tests.Nodes;

/// <summary>A store as one node of several in this process, with what it was told.</summary>
internal sealed class StoreNode : IAsyncDisposable
{
    private StoreNode(PostgreSqlJobStore store, RecordingListener listener) => (Store, Listener) = (store, listener);

    public PostgreSqlJobStore Store { get; }

    public RecordingListener Listener { get; }

    public static async Task<StoreNode> OpenAsync(string connectionString, string schema, Action<PostgreSqlJobOptions>? configure = null, TimeProvider? timers = null, string[]? names = null, string name = "test")
    {
        var options = new PostgreSqlJobOptions { Schema = schema, NodeLease = TimeSpan.FromSeconds(2) };
        configure?.Invoke(options);
        var node = new StoreNode(new PostgreSqlJobStore(connectionString, options, timers ?? TimeProvider.System), new RecordingListener());
        await node.Store.OpenAsync(new JobNode(name, names ?? ["known"], 3), node.Listener, CancellationToken.None);
        return node;
    }

    public static NewJob Job() => new() { Id = Guid.CreateVersion7(), Name = "known", Queue = "default", Arguments = "{}"u8.ToArray(), MaxAttempts = 3 };

    public async Task<Guid> EnqueueAsync(NewJob job) => (await Store.EnqueueAsync([job], null, CancellationToken.None))[0].Id;

    public async Task<IReadOnlyList<ClaimedJob>> ClaimAsync(int room = 100) =>
        (await Store.ClaimAsync(new JobClaimRequest { Room = room, StarvationThreshold = TimeSpan.FromDays(1) }, CancellationToken.None)).Jobs;

    public ValueTask DisposeAsync() => Store.DisposeAsync();
}
