using System.Runtime.ExceptionServices;
using Runtime.Core.Concurrency;
using Runtime.Core.Model.Tests.Engine;
using Runtime.Core.Scheduling;

namespace Runtime.Core.Model.Tests.Suites;

/// <summary>The scheduler's own workers, from their loop to their park. Nobody may rest while something waits.</summary>
internal abstract class WakeScenario : Scenario, ISchedulerHost
{
    private readonly List<Job> _jobs = [];
    private readonly int _workers;

    protected WakeScenario(int workers, int limit, int worthAWake = 1, bool priorities = false)
    {
        _workers = workers;
        Scheduler = new Scheduler(this, new WorkLedger(), new AsyncRuntimeOptions { EnablePriorityScheduling = priorities });
        Scheduler.WorthAWake = worthAWake;
        Scheduler.Start(workers, limit);
    }

    protected Scheduler Scheduler { get; }

    /// <summary>Parked workers are at rest when everything has run.</summary>
    public override bool MayRest() => _jobs.TrueForAll(static job => job.Runs > 0);

    public override void Check()
    {
        Require(_jobs.TrueForAll(static job => job.Runs == 1), $"ran {string.Join(", ", _jobs.Select(static job => $"{job.Name} {job.Runs} times"))}");
        Require(Scheduler.Idle.Parked <= _workers && Scheduler.Idle.Searching >= 0, "the idle set has lost count");
    }

    SynchronizationContext ISchedulerHost.ContextOf(TaskPriority priority) => new();

    void ISchedulerHost.RunElsewhere(QueueEntry entry) => ((Job)entry.Item).Use();

    void ISchedulerHost.OnUnhandled(Exception exception) => ExceptionDispatchInfo.Throw(exception);

    void ISchedulerHost.OnIsolationRefused(string problem) => throw new InvalidOperationException(problem);

    void ISchedulerHost.OnWorkerBlocked(Worker worker, object item, TimeSpan duration) => throw new InvalidOperationException("no monitor here");

    void ISchedulerHost.OnActivity()
    {
        // Nobody asked.
    }

    protected Job Make(string name, Action? body = null)
    {
        var job = new Job(name, body);
        _jobs.Add(job);
        return job;
    }

    protected void Submit(string name, Action? body = null) => Scheduler.Submit(Make(name, body), Scheduler.CurrentWorker);

    protected void SubmitUrgent(string name)
    {
        var job = Make(name);
        job.Priority = TaskPriority.High;
        Scheduler.Submit(job, Scheduler.CurrentWorker);
    }

    internal sealed class Job(string name, Action? body) : WorkItem
    {
        private Cell<int> _runs;

        internal override string Name => name;

        /// <summary>How often it has run, for those who look from outside of the program.</summary>
        public int Runs { get; private set; }

        public void Use()
        {
            _runs.Value++;
            Runs++;
        }

        internal override void Run()
        {
            Use();
            body?.Invoke();
        }

        protected override void Execute() => Run();
    }
}
