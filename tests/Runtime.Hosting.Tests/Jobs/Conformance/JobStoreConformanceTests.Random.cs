using System.Collections.Concurrent;
using Runtime.Core;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Runtime.Jobs.Conformance;

/// <summary>Random programs: nothing is lost, nothing runs twice at once, and limits hold.</summary>
public abstract partial class JobStoreConformanceTests
{
    [Fact]
    public async Task RandomProgram_OfManyCallers_LosesNothingAndKeepsItsLimits()
    {
        var seed = Environment.TickCount;
        try
        {
            await RunProgramAsync(seed);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"Seed {seed}: {exception.Message}", exception);
        }
    }

    private async Task RunProgramAsync(int seed)
    {
        const int Producers = 4;
        const int JobsEach = 150;
        var stored = new ConcurrentDictionary<Guid, bool>();
        var running = new ConcurrentDictionary<Guid, bool>();
        var underKey = new ConcurrentDictionary<string, int>();
        var produced = 0;
        var producers = Enumerable.Range(0, Producers).Select(one => Task.Run(async () =>
        {
            var random = new Random(seed + one);
            for (var i = 0; i < JobsEach; i++)
            {
                var job = Job(queue: "q" + random.Next(3)) with
                {
                    Priority = (TaskPriority)random.Next(5),
                    ConcurrencyKey = random.Next(3) == 0 ? "k" + random.Next(2) : null,
                    ConcurrencyLimit = 2,
                    UniqueKey = random.Next(10) == 0 ? "u" + random.Next(3) : null,
                };
                stored[await EnqueueAsync(job)] = true;
            }

            Interlocked.Increment(ref produced);
        })).ToArray();
        var consumers = Enumerable.Range(0, 3).Select(one => Task.Run(async () =>
        {
            var random = new Random(seed - 1 - one);
            for (var empty = 0; empty < 2;)
            {
                var isLast = Volatile.Read(ref produced) == Producers;
                var claims = await ClaimAsync(room: 1 + random.Next(8));
                empty = claims.Jobs.Count == 0 && isLast && running.IsEmpty ? empty + 1 : 0;
                foreach (var job in claims.Jobs)
                {
                    running.TryAdd(job.Job.Id, true).ShouldBeTrue("a job ran twice at once");
                    if (job.Job.ConcurrencyKey is { } key)
                    {
                        underKey.AddOrUpdate(key, 1, static (_, count) => count + 1).ShouldBeLessThanOrEqualTo(2);
                    }
                }

                foreach (var job in claims.Jobs)
                {
                    if (job.Job.ConcurrencyKey is { } key)
                    {
                        underKey.AddOrUpdate(key, 0, static (_, count) => count - 1);
                    }

                    running.TryRemove(job.Job.Id, out _);
                    var kind = random.Next(4) switch { 0 when job.Attempt < job.Job.MaxAttempts => JobEndingKind.Retry, 1 => JobEndingKind.Interrupted, _ => JobEndingKind.Succeeded };
                    (await EndAsync(job, kind)).ShouldBeTrue();
                }

                await Task.Yield();
            }
        })).ToArray();

        await Task.WhenAll([.. producers, .. consumers]).WaitAsync(TimeSpan.FromSeconds(60));

        var counts = await Store.CountAsync(new JobFilter(), CancellationToken.None);
        counts.ShouldHaveSingleItem().ShouldBe(new(JobState.Succeeded, stored.Count));
    }
}
