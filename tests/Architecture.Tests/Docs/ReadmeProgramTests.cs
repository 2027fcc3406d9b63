using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;

namespace Architecture.Tests.Docs;

/// <summary>The program of the README, started as a reader starts it, does what the README says.</summary>
public sealed partial class ReadmeProgramTests
{
    private static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Program_OfTheReadme_AnswersAsItSays()
    {
        var readme = await File.ReadAllTextAsync(Repository.PathOf("README.md"));
        using var guard = new CancellationTokenSource(HangGuard);
        using var program = Start();
        try
        {
            using var client = new HttpClient { BaseAddress = await ListeningAsync(program, guard.Token) };

            using var accepted = await client.PostAsync(new Uri("/primes/1000000", UriKind.Relative), content: null, guard.Token);
            var job = accepted.Headers.Location!;
            var body = await EndOf(client, job, guard.Token);

            accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted);
            job.OriginalString.ShouldStartWith("/jobs/");
            readme.ShouldContain("/primes/1000000");
            readme.ShouldContain("HTTP/1.1 202 Accepted");
            readme.ShouldContain($"`{body}`");
            (await client.GetStringAsync(new Uri("/metrics", UriKind.Relative), guard.Token)).ShouldContain("async_runtime_");
        }
        finally
        {
            program.Kill(entireProcessTree: true);
            await program.WaitForExitAsync(CancellationToken.None);
        }
    }

    // Over HTTP there is nothing to wait on but the next answer; the guard ends a loop that does not.
    private static async Task<string> EndOf(HttpClient client, Uri job, CancellationToken cancellationToken)
    {
        while (true)
        {
            var body = await client.GetStringAsync(job, cancellationToken);
            if (!body.Contains("Queued", StringComparison.Ordinal) && !body.Contains("Running", StringComparison.Ordinal))
            {
                return body;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
        }
    }

    private static Process Start()
    {
        // tests/Architecture.Tests/bin/Release/net10.0 → samples/Minimal/bin/Release/net10.0
        var output = Path.GetRelativePath(Repository.PathOf("tests/Architecture.Tests"), AppContext.BaseDirectory);
        var program = Path.Combine(Repository.PathOf("samples/Minimal"), output, "Minimal.dll");
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [program, "--urls", "http://127.0.0.1:0"]) { RedirectStandardOutput = true, UseShellExecute = false };
        return Process.Start(start) ?? throw new InvalidOperationException($"'{program}' did not start.");
    }

    private static async Task<Uri> ListeningAsync(Process program, CancellationToken cancellationToken)
    {
        while (await program.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            if (ListeningLine().Match(line) is { Success: true } match)
            {
                _ = program.StandardOutput.ReadToEndAsync(CancellationToken.None); // a full pipe would hold the program up
                return new Uri(match.Groups["address"].Value);
            }
        }

        throw new InvalidOperationException("The program ended before it listened.");
    }

    [GeneratedRegex(@"Now listening on: (?<address>http://127\.0\.0\.1:\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ListeningLine();
}
