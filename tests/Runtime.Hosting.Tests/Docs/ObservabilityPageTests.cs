using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Runtime.Hosting.Metrics;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Docs;

public sealed class ObservabilityPageTests
{
    [Fact]
    public async Task Metrics_AreTheInstrumentsOfALiveHost()
    {
        await using var host = await TestHost.StartAsync(static builder => builder.Services.AddAsyncRuntime().AddJob<DocumentedJob>());
        var factory = host.Services.GetRequiredService<IMeterFactory>();
        var labels = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        var rows = new SortedDictionary<string, string>(StringComparer.Ordinal);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Scope == factory && instrument.Meter.Name == "AsyncRuntime")
            {
                labels[instrument.Name] = new(StringComparer.Ordinal);
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Note(instrument, tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Note(instrument, tags));
        listener.Start();
        await (await host.Services.GetRequiredService<IBackgroundQueue>().EnqueueAsync(static _ => ValueTask.CompletedTask, new EnqueueOptions { Deadline = TimeSpan.Zero })).Completion.Guard();
        await (await host.Services.GetRequiredService<IJobClient>().EnqueueAsync<DocumentedJob, NoArguments>(NoArguments.Value)).WaitAsync().Guard();
        listener.RecordObservableInstruments();

        MarkdownTable.Rows("observability.md", "Instrument").Select(static row => string.Join(" | ", row.Take(5))).ShouldBe(rows.Values);

        void Note(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            foreach (var tag in tags)
            {
                labels[instrument.Name].Add(tag.Key);
            }

            rows[instrument.Name] = Row(instrument, labels[instrument.Name]);
        }
    }

    [Fact]
    public void Events_AreThoseOfTheCode()
    {
        var events = typeof(EventIds).Assembly.GetTypes()
            .SelectMany(static type => type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(static method => method.GetCustomAttribute<LoggerMessageAttribute>())
            .OfType<LoggerMessageAttribute>()
            .OrderBy(static message => message.EventId)
            .Select(static message => $"{message.EventId.ToString(CultureInfo.InvariantCulture)} | {message.EventName} | {message.Level}")
            .ToArray();

        events.ShouldBeUnique();
        MarkdownTable.Rows("observability.md", "Id").Select(static row => string.Join(" | ", row.Take(3))).ShouldBe(events);
    }

    [Fact]
    public void EventIds_AreAllUsed_EachOnce()
    {
        var table = typeof(EventIds).GetFields(BindingFlags.Public | BindingFlags.Static).Select(static field => (Name: field.Name, Id: (int)field.GetRawConstantValue()!)).ToArray();

        table.Select(static entry => entry.Id).ShouldBeUnique();
        var documented = MarkdownTable.Rows("observability.md", "Id").ToDictionary(static row => int.Parse(row[0], CultureInfo.InvariantCulture), static row => row[1]);
        foreach (var (name, id) in table)
        {
            documented[id].ShouldBe(name);
        }
    }

    [Fact]
    public async Task Spans_AreThoseOfALiveHost()
    {
        var ended = new TaskCompletionSource<Activity>(TaskCreationOptions.RunContinuationsAsynchronously);
        var jobEnded = new TaskCompletionSource<Activity>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "AsyncRuntime",
            Sample = static (ref _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.GetTagItem("async_runtime.work.name") is "of the documentation")
                {
                    ended.TrySetResult(activity);
                }
                else if (activity.GetTagItem("async_runtime.job.name") is "of.the.documentation")
                {
                    jobEnded.TrySetResult(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using var host = await TestHost.StartAsync(static builder => builder.Services.AddAsyncRuntime().AddJob<DocumentedJob>());
        await (await host.Services.GetRequiredService<IBackgroundQueue>()
            .EnqueueAsync(static _ => ValueTask.CompletedTask, new EnqueueOptions { Name = "of the documentation" })).Completion.Guard();

        await host.Services.GetRequiredService<IJobClient>().EnqueueAsync<DocumentedJob, NoArguments>(NoArguments.Value);

        var activities = new[] { await ended.Task.Guard(), await jobEnded.Task.Guard() };

        MarkdownTable.Rows("observability.md", "Span").Select(static row => (row[0], row[1], row[3])).ShouldBe(activities.Select(static activity => (
            activity.OperationName.Replace("default", "QUEUE", StringComparison.Ordinal).Replace("of.the.documentation", "JOB", StringComparison.Ordinal),
            activity.Kind.ToString(),
            string.Join(", ", activity.TagObjects.Select(static tag => tag.Key).Order(StringComparer.Ordinal)))));
    }

    [Fact]
    public void Labels_AreTheOnesOfTheMetrics() =>
        MarkdownTable.Rows("observability.md", "Label").Select(static row => row[0]).ShouldBe(
            MarkdownTable.Rows("observability.md", "Instrument").SelectMany(static row => row[4].Split(", ", StringSplitOptions.RemoveEmptyEntries)).Where(static label => label != "–").Distinct().Order());

    private static string Row(Instrument instrument, IEnumerable<string> labels)
    {
        var kind = instrument.GetType().Name.Split('`')[0].Replace("Observable", "", StringComparison.Ordinal);
        var isGauge = kind is "Gauge" or "UpDownCounter";
        var name = PrometheusNames.Family(instrument.Name, PrometheusUnit.Of(instrument.Unit, isGauge), kind == "Counter");
        var shown = string.Join(", ", labels);
        return $"{instrument.Name} | {name} | {kind} | {(string.IsNullOrEmpty(instrument.Unit) ? "–" : instrument.Unit)} | {(shown.Length == 0 ? "–" : shown)}";
    }

    [Job("of.the.documentation")]
    private sealed class DocumentedJob : IJob<NoArguments>
    {
        public ValueTask<JobOutcome> RunAsync(NoArguments args, JobContext context, CancellationToken cancellationToken) => new(JobOutcome.Done);
    }
}
