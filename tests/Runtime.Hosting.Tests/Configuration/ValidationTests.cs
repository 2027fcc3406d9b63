using System.Globalization;
using Microsoft.Extensions.Options;
using Runtime.Core;
using Runtime.Hosting.Configuration;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Configuration;

public sealed class ValidationTests
{
    [Theory]
    [InlineData("MaxStealAttempts", "0", "AsyncRuntime:MaxStealAttempts is 0; it must be from 1 to 100. Set it to 3, the default.")]
    [InlineData("MaxStealAttempts", "101", "AsyncRuntime:MaxStealAttempts is 101; it must be from 1 to 100. Set it to 3, the default.")]
    [InlineData("MaxStealAttempts", "abc", "AsyncRuntime:MaxStealAttempts is 'abc'; it must be a whole number, from 1 to 100. Set it to 3, the default.")]
    [InlineData("MaxStealAttempts", "3.5", "AsyncRuntime:MaxStealAttempts is '3.5'; it must be a whole number, from 1 to 100. Set it to 3, the default.")]
    [InlineData("MaxStealAttempts", "", "AsyncRuntime:MaxStealAttempts is ''; it must be a whole number, from 1 to 100. Set it to 3, the default.")]
    [InlineData("WorkerThreads", "-1", "AsyncRuntime:WorkerThreads is -1; it must be from 0 to 1024. Set it to 0, the default.")]
    [InlineData("ThreadStackSize", "4096", "AsyncRuntime:ThreadStackSize is 4096; it must be 0, or from 131072 to 1073741824. Set it to 0, the default.")]
    [InlineData("ThreadNamePrefix", "", "AsyncRuntime:ThreadNamePrefix is ''; it must be 1 to 64 characters. Set it to runtime-worker, the default.")]
    [InlineData("EnableWorkStealing", "perhaps", "AsyncRuntime:EnableWorkStealing is 'perhaps'; it must be true or false. Set it to true, the default.")]
    [InlineData("Isolation", "Total", "AsyncRuntime:Isolation is 'Total'; it must be one of None, BelowNormal, Lowest, Idle. Set it to BelowNormal, the default.")]
    [InlineData("Isolation", "None,Lowest", "AsyncRuntime:Isolation is 'None,Lowest'; it must be one of None, BelowNormal, Lowest, Idle. Set it to BelowNormal, the default.")]
    [InlineData("Isolation", "2", "AsyncRuntime:Isolation is '2'; it must be one of None, BelowNormal, Lowest, Idle. Set it to BelowNormal, the default.")]
    [InlineData("StarvationThreshold", "00:00:00", "AsyncRuntime:StarvationThreshold is 00:00:00; it must be from 00:00:00.001 to 1.00:00:00. Set it to 00:00:05, the default.")]
    [InlineData("StarvationThreshold", "5", "AsyncRuntime:StarvationThreshold is '5'; it must be a time written as hh:mm:ss, from 00:00:00.001 to 1.00:00:00. Set it to 00:00:05, the default.")]
    [InlineData("Timers:Resolution", "00:00:02", "AsyncRuntime:Timers:Resolution is 00:00:02; it must be from 00:00:00.001 to 00:00:01. Set it to 00:00:00.001, the default.")]
    [InlineData("Tuner:Strategies:0", "Luck", "AsyncRuntime:Tuner:Strategies is 'Luck'; it must be names out of ThreadCount, HillClimbing, QueueSize, WorkStealing, CleanupThreshold, Isolation, Energy. Leave it out for the default, all of them.")]
    [InlineData("Queue:Capacity", "0", "AsyncRuntime:Queue:Capacity is 0; it must be from 1 to 10000000. Set it to 10000, the default.")]
    [InlineData("MaxCpuShare", "1.5", "AsyncRuntime:MaxCpuShare is 1.5; it must be from 0 to 1. Set it to 0, the default.")]
    [InlineData("MaxCpuShare", "half", "AsyncRuntime:MaxCpuShare is 'half'; it must be a number such as 0.5, from 0 to 1. Set it to 0, the default.")]
    [InlineData("MaxCpuShare", "NaN", "AsyncRuntime:MaxCpuShare is NaN; it must be from 0 to 1. Set it to 0, the default.")]
    [InlineData("Queue:ShareWeights", "gold=5, silver", "AsyncRuntime:Queue:ShareWeights is 'gold=5, silver'; it must be texts of the form key=weight, with weights from 1 to 1000. Leave it out for the default, none.")]
    [InlineData("Jobs:QueueRates", "mail=100", "AsyncRuntime:Jobs:QueueRates is 'mail=100'; it must be texts of the form queue=number/time such as mail=100/00:01:00, with numbers from 1 to 1000000 and times from 00:00:00.010 to 31.00:00:00. Leave it out for the default, none.")]
    [InlineData("Jobs:QueueRates", "mail=0/00:01:00", "AsyncRuntime:Jobs:QueueRates is 'mail=0/00:01:00'; it must be texts of the form queue=number/time such as mail=100/00:01:00, with numbers from 1 to 1000000 and times from 00:00:00.010 to 31.00:00:00. Leave it out for the default, none.")]
    [InlineData("Jobs:QueueRates", "mail=1/00:00:00.009", "AsyncRuntime:Jobs:QueueRates is 'mail=1/00:00:00.009'; it must be texts of the form queue=number/time such as mail=100/00:01:00, with numbers from 1 to 1000000 and times from 00:00:00.010 to 31.00:00:00. Leave it out for the default, none.")]
    [InlineData("Jobs:QueueRates", "mail=1/32.00:00:00", "AsyncRuntime:Jobs:QueueRates is 'mail=1/32.00:00:00'; it must be texts of the form queue=number/time such as mail=100/00:01:00, with numbers from 1 to 1000000 and times from 00:00:00.010 to 31.00:00:00. Leave it out for the default, none.")]
    [InlineData("Jobs:QueueRates", "=1/00:00:01", "AsyncRuntime:Jobs:QueueRates is '=1/00:00:01'; it must be texts of the form queue=number/time such as mail=100/00:01:00, with numbers from 1 to 1000000 and times from 00:00:00.010 to 31.00:00:00. Leave it out for the default, none.")]
    [InlineData("Jobs:QueueRates", "mail=1/minute", "AsyncRuntime:Jobs:QueueRates is 'mail=1/minute'; it must be texts of the form queue=number/time such as mail=100/00:01:00, with numbers from 1 to 1000000 and times from 00:00:00.010 to 31.00:00:00. Leave it out for the default, none.")]
    [InlineData("Jobs:QueueRates", "mail=1/1", "AsyncRuntime:Jobs:QueueRates is 'mail=1/1'; it must be texts of the form queue=number/time such as mail=100/00:01:00, with numbers from 1 to 1000000 and times from 00:00:00.010 to 31.00:00:00. Leave it out for the default, none.")]
    [InlineData("Queue:ShareWeights", "gold=1001", "AsyncRuntime:Queue:ShareWeights is 'gold=1001'; it must be texts of the form key=weight, with weights from 1 to 1000. Leave it out for the default, none.")]
    [InlineData("Queues:reports:Admission", "Sometimes", "AsyncRuntime:Queues:reports:Admission is 'Sometimes'; it must be one of Admit, RejectIfLate. Set it to Admit, the default.")]
    [InlineData("Queues:reports:FullMode", "Explode", "AsyncRuntime:Queues:reports:FullMode is 'Explode'; it must be one of Wait, Reject, DropOldest, DropLowestPriority. Set it to Wait, the default.")]
    [InlineData("Queues:reports:Capacity", "-5", "AsyncRuntime:Queues:reports:Capacity is -5; it must be from 1 to 10000000. Set it to 10000, the default.")]
    [InlineData("Queues:default:Capacity", "5", "AsyncRuntime:Queues:default is not possible; that name belongs to the queue without a key. Use AsyncRuntime:Queue for it, or choose another name.")]
    [InlineData("Timers", "fast", "AsyncRuntime:Timers is 'fast'; it must be a section that holds Resolution, Slack. Leave it out for the defaults.")]
    [InlineData("Endpoints:Url", "https://localhost:1", "AsyncRuntime:Endpoints:Url is 'https://localhost:1'; it must be an address such as http://127.0.0.1:9464, without https and without a path. Set it to http://127.0.0.1:9464, the default.")]
    public async Task Start_BadValue_SaysKeyValueRuleAndRemedy(string key, string value, string message)
    {
        await using var host = TestHost.Build(settings: (key, value));

        var exception = await Should.ThrowAsync<OptionsValidationException>(() => host.Host.StartAsync().Guard());

        exception.Failures.ShouldBe([message]);
    }

    [Fact]
    public async Task Start_SeveralBadValues_SaysAllAtOnce()
    {
        await using var host = TestHost.Build(
            settings: [("MaxStealAttempts", "0"), ("Isolation", "Total"), ("Queue:Capacity", "x"), ("Queues:a:Capacity", "0"), ("MinWorkerThreads", "9"), ("MaxWorkerThreads", "4")]);

        var exception = await Should.ThrowAsync<OptionsValidationException>(() => host.Host.StartAsync().Guard());

        exception.Failures.Count().ShouldBe(5);
    }

    [Theory]
    [InlineData(0, 5, 4, "AsyncRuntime:MinWorkerThreads is 5; it must not be above MaxWorkerThreads, which is 4. Lower MinWorkerThreads or raise MaxWorkerThreads.")]
    [InlineData(2, 3, 4, "AsyncRuntime:WorkerThreads is 2; it must not be below MinWorkerThreads, which is 3. Raise WorkerThreads, lower MinWorkerThreads, or set WorkerThreads to 0 for automatic.")]
    [InlineData(5, 1, 4, "AsyncRuntime:WorkerThreads is 5; it must not be above MaxWorkerThreads, which is 4. Lower WorkerThreads, raise MaxWorkerThreads, or set WorkerThreads to 0 for automatic.")]
    [InlineData(0, 1, 2000, "AsyncRuntime:MaxWorkerThreads is 2000; it must be from 0 to 1024. Set it to 0, the default.")]
    [InlineData(0, 5000, 4, "AsyncRuntime:MinWorkerThreads is 5000; it must be from 1 to 1024. Set it to 1, the default.")]
    [InlineData(0, 5, 0, null)]
    [InlineData(8, 1, 0, null)]
    [InlineData(0, 1, 1, null)]
    [InlineData(4, 4, 4, null)]
    public void Validate_WorkerCounts_MustFitEachOther(int workers, int least, int most, string? message)
    {
        var options = new AsyncRuntimeHostingOptions { WorkerThreads = workers, MinWorkerThreads = least, MaxWorkerThreads = most };

        var result = new AsyncRuntimeOptionsValidator().Validate(null, options);

        (result.Failures ?? []).ShouldBe(message is null ? [] : [message]);
    }

    [Fact]
    public void Validate_NullParts_AreNamed()
    {
        var options = new AsyncRuntimeHostingOptions { Timers = null!, IO = null!, Memory = null!, Tuner = null!, Shutdown = null!, Queue = null!, Metrics = null!, Endpoints = null!, ThreadNamePrefix = null! };
        options.Queues["a"] = null!;

        var failures = new AsyncRuntimeOptionsValidator().Validate(null, options).Failures!.ToArray();

        failures.ShouldBe(
        [
            .. new[] { "Timers", "IO", "Memory", "Tuner", "Shutdown", "Queue", "Metrics", "Endpoints" }.Select(part => $"AsyncRuntime:{part} is null; it must be an object. Leave it as it is for the defaults."),
            "AsyncRuntime:ThreadNamePrefix is null; it must be 1 to 64 characters. Set it to runtime-worker, the default.",
            "AsyncRuntime:Queues:a is null; it must be an object. Give it a new BackgroundQueueOptions for the defaults.",
        ]);
    }

    [Fact]
    public void Validate_NamesOfQueues_DifferInMoreThanCase()
    {
        var options = new AsyncRuntimeHostingOptions();
        options.Queues["mail"] = new();
        options.Queues["Mail"] = new();
        options.Queues[" "] = new();

        new AsyncRuntimeOptionsValidator().Validate(null, options).Failures!.ShouldBe(
        [
            "AsyncRuntime:Queues holds the name ' '; a name must be 1 to 100 printable characters. Rename the queue.",
            "AsyncRuntime:Queues holds 'mail' and 'Mail'; names of queues must differ in more than case. Rename one.",
        ]);
    }

    // Each rule's own numbers: the ends of its range are good, one step beyond is bad, and the default is what a new object holds.
    [Fact]
    public void Rules_OfIntegersAndTimes_HoldAtTheirEnds()
    {
        foreach (var rule in ConfigurationKeys.All.Where(static rule => rule.Type is "integer" or "time"))
        {
            var ends = rule.Range.Replace("0, or ", "", StringComparison.Ordinal).Replace("from ", "", StringComparison.Ordinal).Split(" to ");
            Check(rule, ends[0], good: true);
            Check(rule, ends[1], good: true);
            Check(rule, Step(rule, ends[0], -1), good: false);
            Check(rule, Step(rule, ends[1], +1), good: false);
        }
    }

    [Fact]
    public void Rules_Defaults_AreThoseOfNewOptions()
    {
        foreach (var rule in ConfigurationKeys.All.Where(static rule => !rule.IsList))
        {
            rule.Read(new AsyncRuntimeHostingOptions()).ShouldBe(rule.Default, rule.Key);
        }

        foreach (var rule in ConfigurationKeys.OfOneQueue.Where(static rule => !rule.IsList))
        {
            rule.Read(new BackgroundQueueOptions()).ShouldBe(rule.Default, rule.Key);
        }
    }

    [Fact]
    public void Core_BadOptions_ThrowWithTheSameWords()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => AsyncRuntimeOptionsRules.ThrowIfInvalid(new AsyncRuntimeOptions { MaxStealAttempts = 0 }))
            .Message.ShouldStartWith("AsyncRuntimeOptions:MaxStealAttempts is 0; it must be from 1 to 100. Set it to 3, the default.");
        Should.Throw<ArgumentException>(() => AsyncRuntimeOptionsRules.ThrowIfInvalid(new AsyncRuntimeOptions { MinWorkerThreads = 5, MaxWorkerThreads = 4 }))
            .Message.ShouldStartWith("AsyncRuntimeOptions:MinWorkerThreads is 5; it must not be above MaxWorkerThreads, which is 4.");
        Should.NotThrow(() => AsyncRuntimeOptionsRules.ThrowIfInvalid(new AsyncRuntimeOptions()));
    }

    [Fact]
    public void Quote_ControlCharacters_CannotForgeLines() =>
        OptionRule.Quote("a\r\nwarn: b" + new string('x', 200), null).ShouldBe($"'a??warn: b{new string('x', 90)}…'");

    private static void Check(OptionRule<AsyncRuntimeHostingOptions> rule, string text, bool good)
    {
        var options = new AsyncRuntimeHostingOptions();
        rule.TryWrite(options, text).ShouldBeTrue($"{rule.Key} = {text}");
        rule.IsValid(options).ShouldBe(good, $"{rule.Key} = {text}");
    }

    private static string Step(OptionRule<AsyncRuntimeHostingOptions> rule, string text, int by) => rule.Type == "integer"
        ? (long.Parse(text, CultureInfo.InvariantCulture) + by).ToString(CultureInfo.InvariantCulture)
        : (TimeSpan.Parse(text, CultureInfo.InvariantCulture) + TimeSpan.FromTicks(by)).ToString("c");
}
