using System.Globalization;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.Web;

/// <summary>The load generator, in a process of its own.</summary>
internal sealed class WebLoadCommand : BenchmarkCommand
{
    public override string Name => "web-load";

    public override string Summary => "the load generator of 'web', which starts it; reads what to do from its standard input";

    public override IReadOnlyList<Option> Options { get; } = [];

    public override async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        WebLoad? load = null;
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var words = line.Split(' ');
            double Number(int index) => double.Parse(words[index], CultureInfo.InvariantCulture);
            var answer = "0";
            switch (words[0])
            {
                case "connect":
                    load?.Dispose();
                    load = new WebLoad((int)Number(1), (int)Number(2));
                    break;
                case "closed":
                    answer = load!.RunClosed(TimeSpan.FromSeconds(Number(1))).ToString(CultureInfo.InvariantCulture);
                    break;
                default:
                    answer = load!.RunOpen(Number(1), TimeSpan.FromSeconds(Number(2)), (int)Number(3)).ToString();
                    break;
            }

            await output.WriteLineAsync(answer);
            await output.FlushAsync();
        }

        load?.Dispose();
        return 0;
    }
}
