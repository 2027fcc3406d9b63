using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Runtime.Core;
using Runtime.Hosting.Queues;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

public sealed class QueueLogTests
{
    private static ValueTask Nothing(CancellationToken ct) => ValueTask.CompletedTask;

    [Fact]
    public async Task Item_Fails_IsLoggedAsAnErrorWithIdNameAndQueue()
    {
        await using var rig = await QueueRig.StartAsync();
        var thrown = new InvalidOperationException("no");
        var handle = await rig.Queue.EnqueueAsync(ct => ValueTask.FromException(thrown), new EnqueueOptions { Name = "send mail" });
        await Should.ThrowAsync<InvalidOperationException>(() => handle.Completion.Guard());

        var line = await rig.Logs.WaitFor(700);

        line.Level.ShouldBe(LogLevel.Error);
        line.Text.ShouldBe($"Work {handle.Id} 'send mail' of queue 'default' failed.");
        line.Exception.ShouldBeSameAs(thrown);
        line.Category.ShouldBe("Runtime.Hosting.Queues");
    }

    [Fact]
    public async Task Item_IsCancelled_IsLoggedWithTheReason()
    {
        await using var rig = await QueueRig.StartSerialAsync();
        var gate = await rig.HoldAsync();
        var handle = await rig.Queue.EnqueueAsync(Nothing);
        handle.Cancel("not wanted");

        var line = await rig.Logs.WaitFor(701);

        line.Level.ShouldBe(LogLevel.Information);
        line.Text.ShouldBe($"Work {handle.Id} '(no name)' of queue 'default' was cancelled; reason: not wanted.");
        gate.Open();
    }

    [Fact]
    public async Task Item_HasControlCharactersInItsName_CannotForgeALine()
    {
        await using var rig = await QueueRig.StartAsync();
        await rig.Queue.EnqueueAsync(
            static ct => ValueTask.FromException(new InvalidOperationException()),
            new EnqueueOptions { Name = "a\r\nError: forged\u001b[31m" });

        (await rig.Logs.WaitFor(700)).Text.ShouldContain(@"'a\u000D\u000AError: forged\u001B[31m'");
    }

    [Fact]
    public async Task Item_LogsInItsWork_HasAScopeWithItsFacts()
    {
        var scopes = new ScopeLogs();
        await using var rig = await QueueRig.StartAsync(services: s => s.AddSingleton<ILoggerProvider>(scopes));
        var options = new EnqueueOptions { Name = "import", Priority = TaskPriority.High };
        var handle = await rig.Queue.EnqueueAsync<ILogger<QueueLogTests>>(
            static async (logger, ct) =>
            {
                await Task.Yield();
                logger.LogWarning("in the work");
            },
            options);
        await handle.Completion.Guard();
        var plain = await rig.Queue.EnqueueAsync<ILogger<QueueLogTests>>(static (logger, ct) =>
        {
            logger.LogWarning("in other work");
            return ValueTask.CompletedTask;
        });
        await plain.Completion.Guard();

        var scope = scopes.Of("in the work").ShouldHaveSingleItem();
        scope.ToDictionary().ShouldBe(
            new Dictionary<string, object?>
            {
                ["WorkId"] = handle.Id,
                ["WorkName"] = "import",
                ["Queue"] = "default",
                ["Priority"] = TaskPriority.High,
            },
            ignoreOrder: true);
        scope.ToString().ShouldBe($"WorkId:{handle.Id} WorkName:import Queue:default Priority:High");
        scopes.Of("in other work").ShouldHaveSingleItem()[0].Value.ShouldBe(plain.Id);
    }

    [Fact]
    public async Task Sink_Throws_NoItemIsLostAndTheWorkerGoesOn()
    {
        await using var rig = await QueueRig.StartAsync(services: static s => s.AddSingleton<ILoggerProvider, BadSink>());
        var handles = new List<WorkHandle>();
        for (var i = 0; i < 100; i++)
        {
            handles.Add(await rig.Queue.EnqueueAsync(static ct => ValueTask.FromException(new InvalidOperationException())));
            handles.Add(await rig.Queue.EnqueueAsync(Nothing));
        }

        await Task.WhenAll(handles.Select(static handle => handle.Completion.ContinueWith(static _ => { }, TaskScheduler.Default))).Guard();

        rig.Snapshot.Failed.ShouldBe(100);
        rig.Snapshot.Succeeded.ShouldBe(100);
        rig.Snapshot.Running.ShouldBe(0);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("plain", "plain")]
    [InlineData("日本語 ok", "日本語 ok")]
    [InlineData("a\nb", @"a\u000Ab")]
    [InlineData("x\u2028y\u202Ez", @"x\u2028y\u202Ez")]
    public void Printable_Text_EscapesWhatCouldForgeALine(string? text, string? expected) => Printable.Text(text).ShouldBe(expected);

    private sealed class BadSink : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => throw new InvalidOperationException("a bad sink");

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new InvalidOperationException("a bad sink");

        public void Dispose()
        {
        }
    }

    /// <summary>Keeps, with each line, the queue's scope around it.</summary>
    private sealed class ScopeLogs : ILoggerProvider, ISupportExternalScope
    {
        private readonly Lock _lock = new();
        private readonly List<(string Text, WorkLogScope Scope)> _lines = [];
        private IExternalScopeProvider _scopes = new LoggerExternalScopeProvider();

        public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

        public ILogger CreateLogger(string categoryName) => new Logger(this);

        public List<WorkLogScope> Of(string text)
        {
            lock (_lock)
            {
                return [.. _lines.Where(line => line.Text == text).Select(static line => line.Scope)];
            }
        }

        public void Dispose()
        {
        }

        private sealed class Logger(ScopeLogs logs) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => logs._scopes.Push(state);

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                logs._scopes.ForEachScope(
                    (scope, text) =>
                    {
                        if (scope is WorkLogScope ours)
                        {
                            lock (logs._lock)
                            {
                                logs._lines.Add((text, ours));
                            }
                        }
                    },
                    formatter(state, exception));
        }
    }
}
