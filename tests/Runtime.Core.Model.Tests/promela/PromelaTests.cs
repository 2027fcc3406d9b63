using System.Diagnostics;
using Xunit.Abstractions;

namespace Runtime.Core.Model.Tests.Promela;

/// <summary>The sleep and wake handshake as a Promela model, checked by Spin in every schedule.</summary>
public sealed class PromelaTests(ITestOutputHelper output)
{
    private const string NoErrors = "errors: 0";

    [Fact]
    public async Task Park_EverySchedule_LeavesNothingQueued()
    {
        var report = await Verify("", "-DSAFETY -DNOCLAIM", "");

        report.ShouldContain(NoErrors);
    }

    /// <summary>Half a minute: with MODEL_DEEP=1 only.</summary>
    [Fact]
    public async Task Park_EveryFairSchedule_TakesWhatIsQueued()
    {
        if (Environment.GetEnvironmentVariable("MODEL_DEEP") is null)
        {
            output.WriteLine("MODEL_DEEP is not set: the temporal property was not checked.");
            return;
        }

        var report = await Verify("", "-DNFAIR=3", "-a -f");

        report.ShouldContain(NoErrors);
    }

    [Theory]
    [InlineData("NO_PUSH_FENCE")]
    [InlineData("NO_PARK_FENCE")]
    [InlineData("NO_LAST_LOOK")]
    public async Task Park_WithSomethingLeftOut_LosesAWake(string leftOut)
    {
        var report = await Verify($"-D{leftOut}", "-DSAFETY -DNOCLAIM", "");

        report.ShouldContain("assertion violated (taken[0]&&taken[1])");
    }

    private async Task<string> Verify(string variant, string compilerOptions, string options)
    {
        var folder = Directory.CreateTempSubdirectory("promela").FullName;
        try
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, "promela", "park.pml"), Path.Combine(folder, "park.pml"));
            await Run(folder, "spin", $"-a {variant} park.pml");
            await Run(folder, "cc", $"-O2 -w -DCOLLAPSE {compilerOptions} -o pan pan.c");
            var report = await Run(folder, Path.Combine(folder, "pan"), $"-m1000000 {options}");
            output.WriteLine(string.Join('\n', report.Split('\n').Where(static line => line.Contains("error") || line.Contains("states, stored") || line.Contains("violated"))));
            return report;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> Run(string folder, string command, string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        var errors = process.StandardError.ReadToEndAsync();
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, $"{command} {arguments}\n{text}\n{await errors}");
        return text;
    }
}
