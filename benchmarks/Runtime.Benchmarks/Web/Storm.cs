using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Runtime.Hosting;

namespace Runtime.Benchmarks.Web;

/// <summary>Keeps so many jobs in flight through one way of running background work: each that ends is followed by another.</summary>
internal abstract class Storm
{
    private const int InFlight = 64;

    private readonly Action _job;
    private long _done;
    private volatile bool _isOver;

    protected Storm(Action job) => _job = job;

    public long Done => Interlocked.Read(ref _done);

    public static Storm? Of(string way, Action job, IServiceProvider services) => way switch
    {
        "nothing" => null,
        "task-run" => new TaskRunStorm(job),
        "channel-1" => new ChannelStorm(job, consumers: 1),
        "channel-2" => new ChannelStorm(job, consumers: 2),
        _ => new QueueStorm(job, services.GetRequiredService<IBackgroundQueue>()),
    };

    public virtual void Start()
    {
        for (var i = 0; i < InFlight; i++)
        {
            Submit();
        }
    }

    public void Stop() => _isOver = true;

    protected abstract void Submit();

    protected void RunOne()
    {
        _job();
        Interlocked.Increment(ref _done);
        if (!_isOver)
        {
            Submit();
        }
    }

    /// <summary><c>Task.Run</c>: what most do.</summary>
    private sealed class TaskRunStorm(Action job) : Storm(job)
    {
        protected override void Submit() => _ = Task.Run(RunOne);
    }

    /// <summary>The queue of the documentation: a bounded channel and a hosted service that reads it; with more than one reader.</summary>
    private sealed class ChannelStorm(Action job, int consumers) : Storm(job)
    {
        private readonly Channel<Action> _channel = Channel.CreateBounded<Action>(2 * InFlight);

        public override void Start()
        {
            for (var i = 0; i < consumers; i++)
            {
                _ = Task.Run(ConsumeAsync);
            }

            base.Start();
        }

        protected override void Submit() => _channel.Writer.TryWrite(RunOne);

        private async Task ConsumeAsync()
        {
            await foreach (var work in _channel.Reader.ReadAllAsync())
            {
                work();
            }
        }
    }

    /// <summary>This project's queue.</summary>
    private sealed class QueueStorm(Action job, IBackgroundQueue queue) : Storm(job)
    {
        protected override void Submit() => queue.TryEnqueue(
            _ =>
            {
                RunOne();
                return ValueTask.CompletedTask;
            },
            null,
            out var _);
    }
}
