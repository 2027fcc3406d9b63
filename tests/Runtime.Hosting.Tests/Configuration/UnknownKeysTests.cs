using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Runtime.Hosting.Configuration;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Configuration;

public sealed class UnknownKeysTests
{
    [Theory]
    [InlineData("WorkerThread", "AsyncRuntime:WorkerThread", "AsyncRuntime:WorkerThreads")]
    [InlineData("workerThreadz", "AsyncRuntime:workerThreadz", "AsyncRuntime:WorkerThreads")]
    [InlineData("HistorySize", "AsyncRuntime:HistorySize", "AsyncRuntime:Queue:HistorySize")]
    [InlineData("Queue:Capasity", "AsyncRuntime:Queue:Capasity", "AsyncRuntime:Queue:Capacity")]
    [InlineData("Queues:reports:Capasity", "AsyncRuntime:Queues:reports:Capasity", "AsyncRuntime:Queues:reports:Capacity")]
    [InlineData("Queue:reports:Capacity", "AsyncRuntime:Queue:reports", "AsyncRuntime:Queue:Capacity")]
    [InlineData("Timer:Resolution", "AsyncRuntime:Timer", "AsyncRuntime:Timers")]
    [InlineData("Shutdown:DrainTimout", "AsyncRuntime:Shutdown:DrainTimout", "AsyncRuntime:Shutdown:DrainTimeout")]
    [InlineData("WorkerThreads:Count", "AsyncRuntime:WorkerThreads:Count", "AsyncRuntime:WorkerThreads")]
    [InlineData("Memory:MaxRetainedByte", "AsyncRuntime:Memory:MaxRetainedByte", "AsyncRuntime:Memory:MaxRetainedBytes")]
    public void Find_MisspeltKey_NamesItAndTheClosestKnown(string key, string unknown, string closest) =>
        UnknownKeys.Find(Section((key, "1"))).ShouldBe([(unknown, closest)]);

    [Fact]
    public void Find_EveryKnownKey_IsSilent()
    {
        var keys = ConfigurationKeys.All.Select(static rule => rule.IsList ? rule.Key + ":0" : rule.Key)
            .Concat(ConfigurationKeys.OfOneQueue.Select(static rule => "Queues:any name:" + rule.Key));

        UnknownKeys.Find(Section([.. keys.SelectMany(key => new[] { (key, "1"), (key.ToUpperInvariant(), "1") })])).ShouldBeEmpty();
    }

    [Fact]
    public async Task Start_UnknownKey_IsAWarning()
    {
        await using var host = await TestHost.StartAsync(settings: [("WorkerThread", "2")]);

        var unknown = host.Logs.Of(EventIds.UnknownKey).ShouldHaveSingleItem();
        unknown.Level.ShouldBe(LogLevel.Warning);
        unknown.Text.ShouldBe("AsyncRuntime:WorkerThread is not a known setting and has no effect. Did you mean AsyncRuntime:WorkerThreads?");
    }

    private static IConfigurationSection Section(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder();
        foreach (var (key, value) in settings)
        {
            configuration.AddInMemoryCollection([new("AsyncRuntime:" + key, value)]);
        }

        return configuration.Build().GetSection("AsyncRuntime");
    }
}
