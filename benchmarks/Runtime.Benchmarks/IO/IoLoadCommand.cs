using System.Globalization;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.IO;

/// <summary>The load generator, in a process of its own; started by <see cref="IoCommand"/>, which tells it line by line what to do.</summary>
internal sealed class IoLoadCommand : BenchmarkCommand
{
    public override string Name => "io-load";

    public override string Summary => "the load generator of 'io', which starts it; reads what to do from its standard input";

    public override IReadOnlyList<Option> Options { get; } = [];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        using var client = new LoadClient();
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var words = line.Split(' ');
            double Number(int index) => double.Parse(words[index], CultureInfo.InvariantCulture);
            var result = words[0] switch
            {
                "connect" => Connect(client, (int)Number(1), (int)Number(2)),
                "closed" => client.RunClosed((int)Number(1), TimeSpan.FromSeconds(Number(2))),
                _ => client.RunOpen((int)Number(1), (int)Number(2), Number(3), TimeSpan.FromSeconds(Number(4)), (int)Number(5)),
            };
            await output.WriteLineAsync(result.ToString());
            await output.FlushAsync();
        }

        return 0;
    }

    private static LoadResult Connect(LoadClient client, int port, int count)
    {
        client.Connect(port, count);
        return default;
    }
}
