using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
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

    private static ServiceProvider Services(IConfiguration configuration, Action<IServiceCollection>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton(configuration);
        services.AddAsyncRuntime();
        configure?.Invoke(services);
        return services.BuildServiceProvider();
    }
}
