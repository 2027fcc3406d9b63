using Npgsql;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;
using Runtime.Jobs.Conformance;

namespace Runtime.Jobs.PostgreSql.Tests.Nodes;

/// <summary>Processes that share one schema, and what they have written down.</summary>
internal sealed class NodeGroup(string connectionString, TimeSpan lease) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("runtime-jobs-nodes-").FullName;
    private readonly List<NodeProcess> _nodes = [];

    public string Schema { get; } = $"t{Guid.NewGuid():N}";

    public async Task<NodeProcess> StartAsync(string mode)
    {
        var node = await NodeProcess.StartAsync(connectionString, Schema, _folder, lease, mode);
        _nodes.Add(node);
        return node;
    }

    /// <summary>Gets the jobs in lines of a kind, of all nodes, with repetitions.</summary>
    public List<string> Jobs(string kind) =>
        [.. Directory.GetFiles(_folder).SelectMany(File.ReadAllLines).Where(line => line.Length == 34 && line.StartsWith(kind + " ", StringComparison.Ordinal)).Select(static line => line[2..])];

    public List<string> Jobs(string kind, NodeProcess node) =>
        [.. File.ReadAllLines(node.Journal).Where(line => line.Length == 34 && line.StartsWith(kind + " ", StringComparison.Ordinal)).Select(static line => line[2..])];

    /// <summary>Opens the store as a node that runs nothing.</summary>
    public async Task<PostgreSqlJobStore> OpenAsync()
    {
        var store = new PostgreSqlJobStore(connectionString, new PostgreSqlJobOptions { Schema = Schema, NodeLease = lease }, TimeProvider.System);
        await store.OpenAsync(new JobNode("test", [], 1000), new RecordingListener(), CancellationToken.None);
        return store;
    }

    public async Task<long> CountAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql.Replace("{s}", Schema, StringComparison.Ordinal));
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public void Dispose()
    {
        _nodes.ForEach(static node => node.Dispose());
        Directory.Delete(_folder, recursive: true);
    }
}
