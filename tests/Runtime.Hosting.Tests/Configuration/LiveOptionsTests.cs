using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Runtime.Hosting.Configuration;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Configuration;

public sealed class LiveOptionsTests
{
    [Fact]
    public async Task ManyReloadsAtOnce_TheLastValueWins_AndEveryChangeIsToldInOrder()
    {
        // The key is there from the start: adding one to a provider is not thread safe, changing its value is.
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("AsyncRuntime:Queue:Capacity", "1")]).Build();
        await using var provider = Services(configuration);
        var live = provider.GetRequiredService<LiveOptions>();
        _ = live.CurrentValue;
        var told = new List<int>();
        using var subscription = ((IOptionsMonitor<AsyncRuntimeHostingOptions>)live).OnChange(options => told.Add(options.Queue.Capacity)); // reloads run one at a time
        var next = 1;

        Parallel.For(0, 8, _ =>
        {
            for (var i = 0; i < 200; i++)
            {
                configuration["AsyncRuntime:Queue:Capacity"] = Interlocked.Increment(ref next).ToString(CultureInfo.InvariantCulture);
                configuration.Reload();
            }
        });
        var last = int.Parse(configuration["AsyncRuntime:Queue:Capacity"]!, CultureInfo.InvariantCulture);

        live.CurrentValue.Queue.Capacity.ShouldBe(last);
        told[^1].ShouldBe(last);
        told.Zip(told.Skip(1)).ShouldAllBe(static pair => pair.First != pair.Second);
    }

    [Fact]
    public async Task ADelegateThatThrowsInAReload_KeepsTheOldOptions_AndThrowsAtNobody()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection().Build();
        var broken = false;
        await using var provider = Services(configuration, services => services.Configure<AsyncRuntimeHostingOptions>(_ =>
        {
            if (broken)
            {
                throw new InvalidOperationException("the delegate is broken");
            }
        }));
        var live = provider.GetRequiredService<LiveOptions>();
        var before = live.CurrentValue;

        broken = true;
        configuration["AsyncRuntime:Queue:Capacity"] = "5";
        Should.NotThrow(configuration.Reload);

        live.CurrentValue.ShouldBeSameAs(before);
        live.Failure.ShouldBe("the delegate is broken");
        broken = false;
        configuration.Reload();
        live.CurrentValue.Queue.Capacity.ShouldBe(5);
        live.Failure.ShouldBeNull();
    }

    [Fact]
    public async Task ALogProviderThatThrows_CostsItsLines_AndNoReload()
    {
        using var logs = new BrokenLogs();
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("AsyncRuntime:Queue:Capacity", "1")]).Build();
        await using var provider = Services(configuration, services => services.AddLogging(builder => builder.AddProvider(logs)));
        var live = provider.GetRequiredService<LiveOptions>();
        _ = live.CurrentValue;
        var told = new List<int>();
        using var failing = ((IOptionsMonitor<AsyncRuntimeHostingOptions>)live).OnChange(static _ => throw new InvalidOperationException("a listener is broken"));
        using var listening = ((IOptionsMonitor<AsyncRuntimeHostingOptions>)live).OnChange(options => told.Add(options.Queue.Capacity));

        Set("x"); // refused
        live.Failure.ShouldNotBeNull();
        Set("1"); // repaired, and nothing changed
        live.Failure.ShouldBeNull();
        Set("2"); // changed, and one listener fails
        Set("3");

        told.ShouldBe([2, 3]);
        live.CurrentValue.Queue.Capacity.ShouldBe(3);
        live.Failure.ShouldBe("The new settings could not be applied everywhere: a listener is broken");
        logs.Refused.ShouldBe([EventIds.ConfigurationRejected, EventIds.ConfigurationRepaired, EventIds.ConfigurationListenerFailed, EventIds.ConfigurationReloaded,
            EventIds.ConfigurationListenerFailed, EventIds.ConfigurationReloaded]);

        void Set(string capacity)
        {
            configuration["AsyncRuntime:Queue:Capacity"] = capacity;
            Should.NotThrow(configuration.Reload);
        }
    }

    [Fact]
    public async Task BeforeAnybodyAsks_AnInvalidReloadIsNoMatter()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection().Build();
        await using var provider = Services(configuration);
        var live = provider.GetRequiredService<LiveOptions>();
        configuration["AsyncRuntime:Queue:Capacity"] = "x";
        configuration.Reload();
        configuration["AsyncRuntime:Queue:Capacity"] = "7";

        live.CurrentValue.Queue.Capacity.ShouldBe(7);
    }

    [Fact]
    public async Task Dispose_PutsTheFilesHandlersBack()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("a.json"), "{ }");
        var configuration = new ConfigurationBuilder().AddJsonFile(folder.File("a.json"), optional: false, reloadOnChange: true).Build();
        var source = ((FileConfigurationProvider)configuration.Providers.Single()).Source;
        var mine = new Action<FileLoadExceptionContext>(static _ => { });
        source.OnLoadException = mine;

        await using (var provider = Services(configuration))
        {
            _ = provider.GetRequiredService<LiveOptions>();
            source.OnLoadException.ShouldNotBeSameAs(mine);
        }

        source.OnLoadException.ShouldBeSameAs(mine);
    }

    // A disk that is full.
    private sealed class BrokenLogs : ILoggerProvider, ILogger
    {
        public List<int> Refused { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Refused.Add(eventId.Id);
            throw new IOException("no space left on device");
        }

        public void Dispose()
        {
        }
    }

    private static ServiceProvider Services(IConfiguration configuration, Action<IServiceCollection>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton(configuration);
        services.AddAsyncRuntime();
        configure?.Invoke(services);
        return services.BuildServiceProvider();
    }
}
