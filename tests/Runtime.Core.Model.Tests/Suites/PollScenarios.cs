using Runtime.Core.Concurrency;
using Runtime.Core.Model.Tests.Engine;
using Runtime.Core.Scheduling;

namespace Runtime.Core.Model.Tests.Suites;

/// <summary>Workers that rest in a poller. Nobody may rest while an event or an item waits, and somebody has to rest inside.</summary>
internal abstract class PollScenario : WakeScenario
{
    private readonly ModelPoller _poller;

    protected PollScenario(int workers, int limit, bool isWanted = true)
        : base(workers, limit)
    {
        _poller = new ModelPoller(this, isWanted);
        Scheduler.Poller = _poller;
    }

    public override void Check()
    {
        base.Check();
        Require(_poller.MostInside <= 1, "two were inside the poller at once");
    }

    /// <summary>Something happens outside: a job comes of it.</summary>
    protected void Happen(string name) => _poller.Happen(Make(name));

    /// <summary>The first registration.</summary>
    protected void Register()
    {
        _poller.Want();
        Scheduler.Notify();
    }

    // The kernel in place of epoll and its eventfd: what has happened is kept until it is collected, a wake until a wait has ended by it.
    private sealed class ModelPoller(PollScenario scenario, bool isWanted) : IIdlePoller
    {
        private readonly FutexParker _kernel = new();
        private readonly List<Job> _happened = [];
        private AtomicInt32 _wanted = Initially(isWanted);
        private AtomicInt32 _inside;
        private AtomicReference<Job> _next;
        private int _count;

        public int MostInside { get; private set; }

        public bool IsWanted => _wanted.Value != 0;

        public bool IsOverdue => _inside.Value == 0;

        public bool TryEnter()
        {
            if (_inside.CompareExchange(1, 0) != 0)
            {
                return false;
            }

            MostInside = Math.Max(MostInside, ++_count);
            return true;
        }

        public bool Poll(bool wait)
        {
            if (wait)
            {
                _kernel.Park();
            }

            if (_next.Exchange(null) is { } job)
            {
                _happened.Add(job);
            }

            return _happened.Count > 0;
        }

        public void Serve()
        {
            foreach (var job in _happened)
            {
                scenario.Scheduler.SubmitWoken(job);
            }

            _happened.Clear();
        }

        public void Leave()
        {
            _count--;
            _inside.Value = 0;
        }

        public void Wake() => _kernel.Unpark();

        public void Want() => _wanted.Value = 1;

        public void Happen(Job job)
        {
            _next.Exchange(job);
            _kernel.Unpark();
        }

        private static AtomicInt32 Initially(bool isWanted)
        {
            var word = default(AtomicInt32);
            if (isWanted)
            {
                word.Value = 1;
            }

            return word;
        }
    }
}

/// <summary>A post while the only worker goes to rest in the poller.</summary>
internal sealed class PollMeetsPost : PollScenario
{
    public PollMeetsPost()
        : base(workers: 1, limit: 1) => Run("producer", () => Submit("a"));
}

/// <summary>An event while the only worker goes to rest.</summary>
internal sealed class PollMeetsEvent : PollScenario
{
    public PollMeetsEvent()
        : base(workers: 1, limit: 1) => Run("outside", () => Happen("a"));
}

/// <summary>Both at once, and two workers of which one rests inside.</summary>
internal sealed class PollMeetsEventAndPost : PollScenario
{
    public PollMeetsEventAndPost()
        : base(workers: 2, limit: 2)
    {
        Run("outside", () => Happen("a"));
        Run("producer", () => Submit("b"));
    }
}

/// <summary>The first registration while workers go to rest on their parkers; then something happens.</summary>
internal sealed class PollMeetsRegistration : PollScenario
{
    public PollMeetsRegistration()
        : base(workers: 1, limit: 1, isWanted: false) => Run("registrar", () =>
    {
        Register();
        Happen("a");
    });
}

/// <summary>The monitor is inside when the last worker goes to rest and finds the place taken.</summary>
internal sealed class PollMeetsMonitor : PollScenario
{
    public PollMeetsMonitor()
        : base(workers: 1, limit: 1) => Run("monitor", () =>
    {
        Scheduler.LookAfterPoller();
        Happen("a");
    });
}

/// <summary>The worker that rests inside is to end: another one has to come.</summary>
internal sealed class PollMeetsRetirement : PollScenario
{
    public PollMeetsRetirement()
        : base(workers: 2, limit: 2) => Run("resize", () =>
    {
        Scheduler.Retire(Scheduler.Workers[0]);
        Happen("a");
    });

    public override bool MayRest() => base.MayRest() && Scheduler.Ended == 1;
}

/// <summary>The end of all workers, one of which rests inside.</summary>
internal sealed class PollMeetsClose : PollScenario
{
    public PollMeetsClose()
        : base(workers: 2, limit: 2) => Run("close", Scheduler.Close);

    public override bool MayRest() => false;
}
