using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.IO;

/// <summary>Runs a load against two servers in turn. The first is what the other is compared with.</summary>
internal sealed class IoLoads(EchoServer first, EchoServer second, int turns, double seconds)
{
    private readonly EchoServer[] _servers = [first, second];

    public async Task ConnectAsync(int connections)
    {
        foreach (var server in _servers)
        {
            await server.ConnectAsync(connections);
        }
    }

    public async Task<IoSeries[]> RunAsync(Func<EchoServer, double, int, Task<LoadResult>> load)
    {
        IoSeries[] all = [.. _servers.Select(static server => new IoSeries(server.Name))];
        for (var turn = -1; turn < turns; turn++)
        {
            for (var i = 0; i < _servers.Length; i++)
            {
                var index = turn % 2 == 0 ? i : _servers.Length - 1 - i;
                var before = Cost.Read();
                var result = await load(_servers[index], seconds, turn);
                if (turn >= 0)
                {
                    all[index].Add(result, Cost.Read() - before); // the first turn warms up
                }
            }
        }

        return all;
    }
}
