using Microsoft.Extensions.DependencyInjection;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Jobs;

public sealed class JobRulesTests
{
    private readonly Script _script = new();

    public static TheoryData<JobOptions, string> BadOptions => new()
    {
        { new JobOptions { Queue = "" }, "Queue is ; it must be 1 to 100 printable characters. (Parameter 'Queue')" },
        { new JobOptions { Delay = TimeSpan.FromSeconds(-1) }, "Delay is -00:00:01; it must be from 0 to 10000.00:00:00. (Parameter 'Delay')" },
        { new JobOptions { Timeout = TimeSpan.Zero }, "Timeout is 00:00:00; it must be more than 0, at most 24.00:00:00. (Parameter 'Timeout')" },
        { new JobOptions { MaxAttempts = 1001 }, "MaxAttempts is 1001; it must be from 0 (as configured) to 1000. (Parameter 'MaxAttempts')" },
        { new JobOptions { ConcurrencyLimit = 0 }, "ConcurrencyLimit is 0; it must be from 1 to 1000000. (Parameter 'ConcurrencyLimit')" },
        { new JobOptions { RateLimit = 0 }, "RateLimit is 0; it must be from 1 to 1000000. (Parameter 'RateLimit')" },
        { new JobOptions { RatePeriod = TimeSpan.FromMilliseconds(9) }, "RatePeriod is 00:00:00.0090000; it must be from 00:00:00.0100000 to 31.00:00:00. (Parameter 'RatePeriod')" },
        { new JobOptions { RateKey = "" }, "RateKey is ; it must be 1 to 200 printable characters. (Parameter 'RateKey')" },
        { new JobOptions { UniqueKey = "a\nb" }, "UniqueKey is a\\u000Ab; it must be 1 to 200 printable characters. (Parameter 'UniqueKey')" },
        { new JobOptions { UniqueKey = "a\ud800b" }, "UniqueKey is a\ufffdb; it must be 1 to 200 printable characters. (Parameter 'UniqueKey')" },
        { new JobOptions { After = Guid.Empty }, "After is 00000000-0000-0000-0000-000000000000; it must be the id of a job, or null. (Parameter 'After')" },
        { new JobOptions { Tags = ["x", ""] }, "Tags is ; it must be 1 to 100 printable characters. (Parameter 'Tags')" },
    };

    [Theory]
    [MemberData(nameof(BadOptions), DisableDiscoveryEnumeration = true)]
    public async Task Enqueue_BadOptions_SaysWhatIsWrongAndStoresNothing(JobOptions options, string message)
    {
        await using var host = await JobHost.StartAsync(_script);

        (await Should.ThrowAsync<ArgumentException>(async () => await host.Jobs().EnqueueAsync<ScriptedJob, Number>(new(1), options))).Message.ShouldBe(message);

        (await host.Jobs().CountAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Enqueue_TooLargeArguments_IsRefused()
    {
        await using var host = await JobHost.StartAsync(_script, static builder => builder.Services.AddAsyncRuntime().AddJob<TextJob>(), ("Jobs:MaxArgumentBytes", "1024"));

        (await Should.ThrowAsync<ArgumentException>(async () => await host.Jobs().EnqueueAsync<TextJob, string>(new string('x', 1023)))).Message.ShouldBe(
            "The arguments of the job 'text' are 1025 bytes of JSON; Jobs:MaxArgumentBytes allows 1024. Store the data elsewhere and pass its key. (Parameter 'args')");
        await host.Jobs().EnqueueAsync<TextJob, string>(new string('x', 1022));
    }

    [Fact]
    public async Task Enqueue_AnUnregisteredJob_SaysHowToRegisterIt()
    {
        await using var host = await JobHost.StartAsync(_script);

        (await Should.ThrowAsync<InvalidOperationException>(async () => await host.Jobs().EnqueueAsync<TextJob, string>("x"))).Message.ShouldBe(
            $"{typeof(TextJob).FullName} is not registered as a job. Add services.AddAsyncRuntime().AddJob<TextJob>(), or AddJobsFromAssemblyContaining<TextJob>().");
    }

    [Theory]
    [InlineData(typeof(NamelessJob), "has no [Job(\"name\")]; a job needs a name that stays when its class is renamed. Add the attribute.")]
    [InlineData(typeof(TwofoldJob), "implements IJob<TArgs> 2 times; a job does so once. Make one class for each kind of job.")]
    [InlineData(typeof(BadNameJob), "'a b' is not a name; it must be 1 to 100 of the characters a-z A-Z 0-9 . _ - :.")]
    [InlineData(typeof(BadTimeoutJob), "is '5'; it must be a time written as hh:mm:ss, more than 0, at most 24.00:00:00.")]
    public async Task Start_WithAClassThatCannotBeAJob_SaysWhy(Type job, string message)
    {
        var add = typeof(AsyncRuntimeBuilderJobExtensions).GetMethod(nameof(AsyncRuntimeBuilderJobExtensions.AddJob))!.MakeGenericMethod(job);

        var failure = await Should.ThrowAsync<InvalidOperationException>(async () => await TestHost.StartAsync(builder => add.Invoke(null, [builder.Services.AddAsyncRuntime()])));

        failure.Message.ShouldEndWith(message);
    }

    [Fact]
    public async Task Start_WithTwoJobsOfOneName_NamesBoth()
    {
        var failure = await Should.ThrowAsync<InvalidOperationException>(async () =>
            await TestHost.StartAsync(static builder => builder.Services.AddAsyncRuntime().AddJob<TextJob>().AddJob<OtherTextJob>()));

        failure.Message.ShouldContain(typeof(TextJob).FullName!);
        failure.Message.ShouldContain(typeof(OtherTextJob).FullName!);
        failure.Message.ShouldContain("both have the name 'text'");
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 10)]
    [InlineData(4, 40)]
    [InlineData(20, 60)]
    [InlineData(1000, 60)]
    public void Backoff_AfterAttempts_DoublesUpToItsBound(int attempt, int seconds)
    {
        Runtime.Hosting.Jobs.RetryBackoff.After(attempt, TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), 1).TotalSeconds.ShouldBe(seconds, 0.001);
        Runtime.Hosting.Jobs.RetryBackoff.After(attempt, TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), 0).TotalSeconds.ShouldBe(seconds / 2.0, 0.001);
    }

    [Job("text")]
    private sealed class TextJob : IJob<string>
    {
        public ValueTask<JobOutcome> RunAsync(string args, JobContext context, CancellationToken cancellationToken) => new(JobOutcome.Done);
    }

    [Job("text")]
    private sealed class OtherTextJob : IJob<string>
    {
        public ValueTask<JobOutcome> RunAsync(string args, JobContext context, CancellationToken cancellationToken) => new(JobOutcome.Done);
    }

    private sealed class NamelessJob : IJob<string>
    {
        public ValueTask<JobOutcome> RunAsync(string args, JobContext context, CancellationToken cancellationToken) => new(JobOutcome.Done);
    }

    [Job("twofold")]
    private sealed class TwofoldJob : IJob<string>, IJob<int>
    {
        public ValueTask<JobOutcome> RunAsync(string args, JobContext context, CancellationToken cancellationToken) => new(JobOutcome.Done);

        public ValueTask<JobOutcome> RunAsync(int args, JobContext context, CancellationToken cancellationToken) => new(JobOutcome.Done);
    }

    [Job("a b")]
    private sealed class BadNameJob : IJob<string>
    {
        public ValueTask<JobOutcome> RunAsync(string args, JobContext context, CancellationToken cancellationToken) => new(JobOutcome.Done);
    }

    [Job("bad.timeout", Timeout = "5")]
    private sealed class BadTimeoutJob : IJob<string>
    {
        public ValueTask<JobOutcome> RunAsync(string args, JobContext context, CancellationToken cancellationToken) => new(JobOutcome.Done);
    }
}
