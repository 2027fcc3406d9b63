using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Runtime.Core;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Metrics;

public sealed class MetricsEndpointTests
{
    [Fact]
    public async Task Scrape_OfALiveApp_IsCleanForPromtool()
    {
        await using var app = Build(("Metrics:Meters:0", "AsyncRuntime"), ("Metrics:Meters:1", "System.Runtime"), ("Metrics:Meters:2", "Microsoft.AspNetCore.*"), ("Metrics:Meters:3", "Odd.*"));
        await app.StartAsync().Guard();
        Misuse(app.Services.GetRequiredService<IMeterFactory>());
        var queue = app.Services.GetRequiredService<IBackgroundQueue>();
        foreach (var priority in Enum.GetValues<TaskPriority>())
        {
            await (await queue.EnqueueAsync(static _ => ValueTask.CompletedTask, new EnqueueOptions { Priority = priority })).Completion.Guard();
        }

        var failing = await queue.EnqueueAsync(static _ => throw new InvalidOperationException());
        await Should.ThrowAsync<InvalidOperationException>(() => failing.Completion.Guard());
        await app.Services.GetRequiredService<AsyncRuntime>().SpawnBlocking(static () => { }).Guard();
        await Task.Delay(TimeSpan.FromMilliseconds(1), app.Services.GetRequiredService<AsyncRuntime>().TimeProvider);

        // The server records a request's duration after the client has its answer.
        string text;
        do
        {
            text = await ScrapeAsync(app);
        }
        while (!text.Contains("http_server_request_duration", StringComparison.Ordinal));

        (await PromtoolAsync(text)).ShouldBe((0, ""));
        text.ShouldContain("\nasync_runtime_workers ");
        text.ShouldContain("\ndotnet_assembly_count ");
        text.ShouldContain("\nhttp_server_request_duration_seconds_bucket{");
        text.ShouldContain("odd_in_flight{exported_le=\"1\\\\2\\n\\\"3\\\"\"} 7\n");
    }

    [Fact]
    public async Task Scrape_HasTheContentTypeOfTheFormat()
    {
        await using var app = Build();
        await app.StartAsync().Guard();

        using var response = await app.GetTestClient().GetAsync(new Uri("/metrics", UriKind.Relative)).Guard();

        response.Content.Headers.ContentType!.ToString().ShouldBe("text/plain; version=0.0.4; charset=utf-8");
        response.Headers.CacheControl!.NoStore.ShouldBeTrue();
    }

    [Fact]
    public async Task Scrape_IsNeverStale()
    {
        await using var app = Build();
        await app.StartAsync().Guard();
        var runtime = app.Services.GetRequiredService<AsyncRuntime>();

        for (var i = 1; i <= 20; i++)
        {
            await runtime.Spawn(static _ => ValueTask.CompletedTask).Guard();
            (await ScrapeAsync(app)).ShouldContain($"\nasync_runtime_work_accepted_total {i.ToString(CultureInfo.InvariantCulture)}\n");
        }
    }

    [Fact]
    public async Task Scrape_ManyAtOnce_AllSucceed()
    {
        await using var app = Build();
        await app.StartAsync().Guard();

        var texts = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(() => ScrapeAsync(app)))).Guard();

        texts.ShouldAllBe(static text => text.Contains("async_runtime_workers", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Meters_AreThoseConfigured_WithWildcards_AndOfThisApplicationOnly()
    {
        await using var other = Build(("Metrics:Meters:0", "Shop.*"));
        await using var app = Build(("Metrics:Meters:0", "Shop.*"));
        await app.StartAsync().Guard();
        other.Services.GetRequiredService<IMeterFactory>().Create("Shop.Cart").CreateCounter<long>("foreign").Add(1);
        app.Services.GetRequiredService<IMeterFactory>().Create("Shop.Cart").CreateCounter<long>("sold").Add(5);
        app.Services.GetRequiredService<IMeterFactory>().Create("Store").CreateCounter<long>("hidden").Add(5);

        var text = await ScrapeAsync(app);

        text.ShouldContain("\nsold_total 5\n");
        text.ShouldNotContain("foreign");
        text.ShouldNotContain("hidden");
        text.ShouldNotContain("async_runtime");
    }

    [Fact]
    public async Task Scrape_BesideRuntimesMadeByHand_ShowsTheApplicationsOwnOnly()
    {
        await using var app = Build();
        await app.StartAsync().Guard();
        await app.Services.GetRequiredService<AsyncRuntime>().Spawn(static _ => ValueTask.CompletedTask).Guard();

        for (var i = 0; i < 5; i++)
        {
            await using var other = new AsyncRuntime(new AsyncRuntimeOptions { WorkerThreads = 1 });
            await other.StartAsync().Guard();
            await other.Spawn(static _ => ValueTask.CompletedTask).Guard();
            (await ScrapeAsync(app)).ShouldContain("\nasync_runtime_work_accepted_total 1\n");
        }

        (await ScrapeAsync(app)).ShouldContain("\nasync_runtime_work_accepted_total 1\n"); // the end of the others took nothing away
    }

    [Fact]
    public async Task Meters_ChangedByAReload_AreShownFromThenOn()
    {
        var settings = new Dictionary<string, string?> { ["AsyncRuntime:Metrics:Meters:0"] = "A" };
        var source = new ReloadingSource(settings);
        await using var app = Build(source);
        await app.StartAsync().Guard();
        var meters = app.Services.GetRequiredService<IMeterFactory>();
        var (a, b) = (meters.Create("A").CreateUpDownCounter<int>("a"), meters.Create("B").CreateUpDownCounter<int>("b"));
        a.Add(1);
        b.Add(1);
        (await ScrapeAsync(app)).ShouldBe("# HELP a The instrument a of the meter A.\n# TYPE a gauge\na 1\n");

        source.Change("AsyncRuntime:Metrics:Meters:0", "B");
        b.Add(2);

        (await ScrapeAsync(app)).ShouldBe("# HELP b The instrument b of the meter B.\n# TYPE b gauge\nb 2\n");
    }

    [Fact]
    public async Task Labels_OfOurInstruments_AreTheAllowed()
    {
        await using var app = Build(("Metrics:Meters:0", "AsyncRuntime"));
        await app.StartAsync().Guard();
        await (await app.Services.GetRequiredService<IBackgroundQueue>().EnqueueAsync(static _ => ValueTask.CompletedTask)).Completion.Guard();

        var labels = System.Text.RegularExpressions.Regex.Matches(await ScrapeAsync(app), "[{,](?<label>[a-z_]+)=\"", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(5))
            .Select(static match => match.Groups["label"].Value).Distinct().Order();

        labels.ShouldBe(["knob", "le", "outcome", "priority", "queue", "tier", "worker"]);
    }

    // Names, units and values that break naive writers.
    private static void Misuse(IMeterFactory factory)
    {
        var meter = factory.Create("Odd.Meter");
        meter.CreateUpDownCounter<int>("odd.inFlight").Add(7, new KeyValuePair<string, object?>("le", "1\\2\n\"3\""));
        meter.CreateCounter<double>("odd-requests/served.total", "ms", "Two\nlines \\ and \"quotes\".").Add(1234.5, new KeyValuePair<string, object?>("user.Name", "Ünï✓"));
        meter.CreateHistogram<double>("odd.latency", "ms").Record(12, new("a.b", 1), new("a_b", null));
        meter.CreateGauge<long>("odd.items.count", "{item}").Record(3);
        meter.CreateGauge<double>("odd.nan", "%").Record(double.NaN);
        meter.CreateCounter<long>("odd_in_flight").Add(1);
        factory.Create("Odd.Other").CreateUpDownCounter<int>("odd.inFlight").Add(8);
    }

    private static async Task<string> ScrapeAsync(WebApplication app) => await app.GetTestClient().GetStringAsync(new Uri("/metrics", UriKind.Relative)).Guard();

    private static WebApplication Build(params (string Key, string? Value)[] settings) =>
        Build(new ReloadingSource(settings.ToDictionary(static setting => "AsyncRuntime:" + setting.Key, static setting => setting.Value)));

    private static WebApplication Build(ReloadingSource source)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        ((IConfigurationBuilder)builder.Configuration).Add(source);
        builder.Services.AddAsyncRuntime();
        var app = builder.Build();
        app.MapAsyncRuntime();
        return app;
    }

    private static async Task<(int ExitCode, string Output)> PromtoolAsync(string text)
    {
        using var promtool = Start();
        await promtool.StandardInput.WriteAsync(text);
        promtool.StandardInput.Close();
        var output = await Task.WhenAll(promtool.StandardOutput.ReadToEndAsync(), promtool.StandardError.ReadToEndAsync()).Guard();
        await promtool.WaitForExitAsync().Guard();
        return (promtool.ExitCode, string.Concat(output));
    }

    private static Process Start()
    {
        try
        {
            return Process.Start(new ProcessStartInfo("promtool", ["check", "metrics"]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new InvalidOperationException("promtool is not on the PATH. It checks what /metrics writes; install it, on Debian with: apt-get install prometheus", exception);
        }
    }

    private sealed class ReloadingSource(Dictionary<string, string?> settings) : IConfigurationSource
    {
        private readonly Provider _provider = new(settings);

        public IConfigurationProvider Build(IConfigurationBuilder builder) => _provider;

        public void Change(string key, string value) => _provider.Change(key, value);

        private sealed class Provider : ConfigurationProvider
        {
            public Provider(Dictionary<string, string?> settings) => Data = settings;

            public void Change(string key, string value)
            {
                Data[key] = value;
                OnReload();
            }
        }
    }
}
