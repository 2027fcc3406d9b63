using Runtime.Core.Execution;
using Runtime.Core.IO;
using Runtime.Core.Lifecycle;
using Runtime.Core.Scheduling;

namespace Runtime.Core.Tests.IO;

/// <summary>What the monitor would put right in a runtime, a moment later, is looked at here without it.</summary>
public sealed class PollerWiringTests
{
    // The monitor thinks that somebody is always inside, so only the worker itself can have looked. It is never without work, so it never parks.
    [Fact]
    public async Task Worker_NeverWithoutWork_LooksInPassing()
    {
        var lifecycle = new RuntimeLifecycle();
        var dispatcher = new WorkDispatcher(new object(), lifecycle, new AsyncRuntimeOptions { WorkerThreads = 1, MaxReserveThreads = 0 });
        var poller = new CountingPoller();
        dispatcher.Scheduler.Poller = poller;
        lifecycle.Transition(RuntimeState.Initializing);
        dispatcher.Scheduler.Start(1);
        lifecycle.Transition(RuntimeState.Running);
        var chain = new Chain(dispatcher, poller);
        dispatcher.Dispatch(chain);
        await chain.Done.Task.Guarded();
        poller.LooksOutOfWork.ShouldBe(0);
        await dispatcher.Scheduler.CloseAsync(Waiting.HangGuard).Guarded();
    }

    [Fact]
    public void Register_FirstOfAll_CallsForAWorkerEachTime()
    {
        var host = new CountingHost();
        var loop = new EventLoop(host, TimeProvider.System, static () => EventLoop.CreateDemultiplexer(IoPoller.Auto));
        using var pair = new SocketPair();
        for (var round = 1; round <= 3; round++)
        {
            using var first = loop.Register(pair.Near);
            using var second = loop.Register(pair.Far);
            host.Wanted.ShouldBe(round, "the first registration calls, the others do not");
        }

        loop.Close();
        loop.Release();
    }

    private sealed class Chain(WorkDispatcher dispatcher, CountingPoller poller) : WorkItem
    {
        public TaskCompletionSource Done { get; } = Waiting.NewSignal();

        protected override void Execute()
        {
            poller.IsInItem = true; // from here on there is always the next one
            if (poller.Looks > 3)
            {
                poller.IsInItem = false;
                Done.SetResult();
            }
            else
            {
                dispatcher.Dispatch(this);
            }
        }
    }

    // Rests nobody: the one worker is not to be kept from the first item.
    private sealed class CountingPoller : IIdlePoller
    {
        private volatile bool _isInItem;
        private int _looks;
        private int _looksOutOfWork;

        public bool IsInItem
        {
            get => _isInItem;
            set => _isInItem = value;
        }

        public int Looks => Volatile.Read(ref _looks);

        public int LooksOutOfWork => Volatile.Read(ref _looksOutOfWork);

        public bool IsWanted => _isInItem;

        public bool IsOverdue => false;

        public bool TryEnter() => _isInItem;

        public bool Poll(bool wait)
        {
            Interlocked.Increment(ref wait ? ref _looksOutOfWork : ref _looks);
            return false;
        }

        public void Serve() => throw new InvalidOperationException("nothing was found");

        public void Leave()
        {
            // Nobody else is there.
        }

        public void Wake()
        {
            // Nobody rests here.
        }
    }

    private sealed class CountingHost : IEventLoopHost
    {
        public int Wanted { get; private set; }

        public void OnWanted() => Wanted++;

        public bool TryTakeBudget() => true;

        public ValueTask<IoReadiness> WaitAsync(IoRegistration registration, IoEvents which, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<int> ReceiveAsync(RuntimeSocket socket, Memory<byte> buffer, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask SendAsync(RuntimeSocket socket, Memory<byte> buffer, int done, CancellationToken cancellationToken) => throw new NotSupportedException();

        public void Queue(WorkItem item) => throw new NotSupportedException();

        public void QueueYielded(WorkItem item) => throw new NotSupportedException();
    }
}
