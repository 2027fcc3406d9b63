using System.Diagnostics;
using System.Globalization;

namespace Runtime.Benchmarks.Scheduler.Tokio;

/// <summary>A built Rust side.</summary>
/// <param name="Name">What the report calls it.</param>
/// <param name="Path">The program.</param>
internal sealed record TokioProgram(string Name, string Path)
{
    // Where the threads come to lie is decided once a process, and can change a figure by half: more than one is asked.
    private const int Processes = 3;

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>Gets a library that is loaded before the program, such as another allocator.</summary>
    public string? Preload { get; private init; }

    /// <summary>Makes the same program with another allocator: the C library's is slow at the alignment that newer versions ask for.</summary>
    public TokioProgram WithPreload(string library) => this with { Name = $"{Name}+{System.IO.Path.GetFileName(library).Split('.')[0]}", Preload = library };

    public async Task<IReadOnlyList<string>> ShapesAsync()
    {
        var text = await RunAsync(["--list"], Grace);
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    /// <summary>Measures one shape, in several processes one after another. Empty when it does not end.</summary>
    public async Task<TokioSeries> MeasureAsync(string shape, int rounds, int warmUp, TimeSpan limit, int workers)
    {
        List<TokioMeasurement> all = [];
        var seconds = Math.Max(1, (int)Math.Ceiling(limit.TotalSeconds / Processes));
        for (var i = 0; i < Processes; i++)
        {
            string[] arguments =
            [
                shape,
                "--rounds", Number((rounds + Processes - 1) / Processes),
                "--warmup", Number(warmUp),
                "--seconds", Number(seconds),
                "--workers", Number(workers),
            ];
            var text = await RunAsync(arguments, (2 * TimeSpan.FromSeconds(seconds)) + Grace);
            var measurements = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(TokioMeasurement.Parse).ToList();
            if (measurements.Count == 0)
            {
                break; // one that hangs will hang again
            }

            all.AddRange(measurements);
        }

        return new TokioSeries(Name, all);
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private async Task<string> RunAsync(IEnumerable<string> arguments, TimeSpan limit)
    {
        var start = new ProcessStartInfo(Path, arguments) { RedirectStandardOutput = true, UseShellExecute = false };
        if (Preload is not null)
        {
            start.Environment["LD_PRELOAD"] = Preload;
        }

        using var process = Process.Start(start)!;
        var reading = process.StandardOutput.ReadToEndAsync();
        using var over = new CancellationTokenSource(limit);
        try
        {
            await process.WaitForExitAsync(over.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
        }

        return await reading;
    }
}
