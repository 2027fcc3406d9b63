using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Runtime.Hosting.Jobs;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Jobs;

/// <summary>What stands in a store is not to be trusted: another program may have written it.</summary>
public sealed class HostileJobTests
{
    private const int Jobs = 10_000;

    private readonly Script _script = new();
    private readonly int _seed = Environment.TickCount;

    [Fact]
    public async Task TenThousandMalformedJobs_AreEachParkedWithAReason_AndAGoodOneStillRuns()
    {
        var random = new Random(_seed);
        var loaded = new HashSet<string?>(AppDomain.CurrentDomain.GetAssemblies().Select(static assembly => assembly.FullName));
        await using var host = await JobHost.StartAsync(_script);
        var store = host.Services.GetRequiredService<IJobStore>();
        List<NewJob> jobs = [.. Enumerable.Range(0, Jobs).Select(_ => new NewJob { Id = Guid.CreateVersion7(), Name = Name(random), Queue = "default", Arguments = Payload(random), MaxAttempts = 3 })];
        await store.EnqueueAsync(jobs, null, CancellationToken.None);

        foreach (var job in jobs)
        {
            var info = await (await host.Jobs().FindAsync(job.Id))!.WaitAsync().Guard();
            var about = $"seed {_seed}, name '{job.Name}', arguments {Convert.ToHexString(job.Arguments.Span[..Math.Min(50, job.Arguments.Length)])}";
            info.State.ShouldBe(JobState.Parked, about);
            info.Attempt.ShouldBe(0, about);
            info.Reason.ShouldNotBeNullOrWhiteSpace(about);
            info.Reason!.Length.ShouldBeLessThanOrEqualTo(4000, about);
            info.Reason.ShouldNotContain('\n', about);
        }

        _script.Runs.ShouldBeEmpty($"seed {_seed}");
        AppDomain.CurrentDomain.GetAssemblies().Select(static assembly => assembly.FullName).Where(name => !loaded.Contains(name) && name!.Contains("Diagnostics.Process", StringComparison.Ordinal)).ShouldBeEmpty("a stored name was made into a type");
        (await (await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(1))).WaitAsync().Guard()).State.ShouldBe(JobState.Succeeded);
        (await host.Jobs().RetryAsync(new JobFilter { States = [JobState.Parked], Name = "scripted" })).ShouldBeGreaterThan(0); // they can be replayed
    }

    private static string Name(Random random) => random.Next(8) switch
    {
        0 => "",
        1 => "System.Diagnostics.Process, System.Diagnostics.Process",
        2 => "../../etc/passwd",
        3 => new string('x', random.Next(1, 3000)),
        4 => Encoding.UTF8.GetString(Bytes(random, 40)),
        5 => "SCRIPTED",
        _ => "scripted", // known; its arguments are not
    };

    private static byte[] Payload(Random random)
    {
        var bytes = random.Next(12) switch
        {
            0 => Bytes(random, 200),
            1 => [],
            2 => "null"u8.ToArray(),
            3 => "{\"value\":\"7\"}"u8[..random.Next(1, 12)].ToArray(),
            4 => Encoding.UTF8.GetBytes(new string('[', random.Next(1, 2000))),
            5 => "{\"value\":1e999}"u8.ToArray(),
            6 => "{\"value\":99999999999999999999}"u8.ToArray(),
            7 => "{\"$type\":\"System.Diagnostics.Process, System.Diagnostics.Process\",\"value\":[]}"u8.ToArray(),
            8 => "{\"value\":{}}"u8.ToArray(),
            9 => [0xEF, 0xBB, 0xBF, .. "{\"value\":true}"u8],
            10 => "[1,2,3]"u8.ToArray(),
            _ => "{\"value\":1}\0{\"value\":2}"u8.ToArray(),
        };
        return bytes;
    }

    private static byte[] Bytes(Random random, int most)
    {
        var bytes = new byte[random.Next(1, most)];
        random.NextBytes(bytes);
        bytes[0] = bytes[0] == (byte)'{' ? (byte)'[' : bytes[0]; // an empty object would be a number of zero
        return bytes;
    }
}
