using System.Diagnostics;
using Xunit.Abstractions;

namespace Runtime.Core.Tests.Stress;

/// <summary>A million cancellations against what they cancel, each with one outcome that is right; ten million when asked for.</summary>
[Collection(nameof(StressCollection))]
public sealed class CancelRaceTests(ITestOutputHelper output)
{
    [Fact]
    public Task Spawn_CancelledAroundItsStart_EndsOnceAndIsCountedAsWhatItWas() =>
        RunAsync(400_000, static runtime => new SpawnRace(runtime), "never started, Canceled", "Ignores, RanToCompletion", "WaitsForIt, Canceled");

    [Fact]
    public Task CancellationTokenSource_TimeAgainstCancelAndDispose_CancelsOnceAtMost() =>
        RunAsync(300_000, static runtime => new TimedTokenRace(runtime), "None, 1 calls", "Cancel, 1 calls", "Dispose, 0 calls", "Dispose, 1 calls");

    [Fact]
    public Task Timer_FiresAgainstChangeAndDispose_CallsBackAsOftenAsItWasArmed() =>
        RunAsync(300_000, static runtime => new TimerRace(runtime), "None, 1 calls", "Change, 1 calls", "Dispose, 0 calls", "Dispose, 1 calls", "DisposeAsync, 0 calls");

    private async Task RunAsync(long ordinarily, Func<AsyncRuntime, CancelRace> raceOf, params string[] outcomes)
    {
        var seed = Environment.TickCount;
        var races = ordinarily * StressBudget.Factor;
        var began = Stopwatch.GetTimestamp();
        await using var runtime = new AsyncRuntime(new AsyncRuntimeOptions { WorkerThreads = 2, Isolation = WorkerIsolation.None });
        await runtime.StartAsync();
        var race = raceOf(runtime);

        await new CancelRaceRunner(race, runtime, races, seed).RunAsync();
        await runtime.StopAsync().Guarded();

        var elapsed = Stopwatch.GetElapsedTime(began);
        var seen = string.Join("; ", race.Outcomes.Select(static outcome => $"{outcome.Key}: {outcome.Value:N0}"));
        output.WriteLine($"{races:N0} races in {elapsed.TotalSeconds:N1} s, {elapsed.TotalNanoseconds / races:N0} ns each; {seen}");
        race.Problems.ShouldBeEmpty($"seed {seed}");
        var books = runtime.Snapshot();
        books.UnhandledExceptions.ShouldBe(0, $"seed {seed}");
        race.CheckBooks(books, races);
        outcomes.ShouldBeSubsetOf(race.Outcomes.Keys, $"It is no race when it always ends the same way; seed {seed}: {seen}");
    }
}
