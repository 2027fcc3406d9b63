using System.Runtime.CompilerServices;

namespace Runtime.Core.Tests.Stress;

/// <summary>A baton that hands itself on, from the worker that took it, in a way that it draws.</summary>
internal sealed class Carrier : Baton
{
    private const int MostYields = 8;

    private static readonly SpawnOptions[] Urgencies = [.. Enum.GetValues<TaskPriority>().SelectMany(static priority => new[]
    {
        new SpawnOptions { Priority = priority },
        new SpawnOptions { Priority = priority, Deadline = TimeSpan.FromMilliseconds(1) },
        new SpawnOptions { Priority = priority, Deadline = TimeSpan.FromSeconds(1) },
    })];

    private readonly HandOffRun _run;
    private readonly Mix _mix;

    // Made once, so that a spawn allocates no delegates of ours.
    private readonly Func<CancellationToken, ValueTask> _arriveAsync;
    private readonly Func<CancellationToken, ValueTask> _yieldAsync;
    private readonly Func<CancellationToken, ValueTask> _wakeAsync;

    // The state of the draws. Holder only.
    private uint _draws;

    public Carrier(HandOffRun run, int id, long quota, Mix mix)
        : base(run.Account, id, quota)
    {
        _run = run;
        _mix = mix;
        _draws = (uint)run.NextSeed() | 1;
        _arriveAsync = _ =>
        {
            Arrive();
            return ValueTask.CompletedTask;
        };
        _yieldAsync = YieldAsync;
        _wakeAsync = WakeAsync;
    }

    /// <summary>Makes the continuation of the carrier's await ready. Called by whoever holds the carrier.</summary>
    public void Wake(TaskCompletionSource source)
    {
        PassOn();
        source.SetResult();
    }

    protected override void OnTaken()
    {
        if (Count >= Quota)
        {
            Account.OnFinished();
            return;
        }

        switch (_mix.Draw(ref _draws))
        {
            case Way.Post:
                Pass();
                _run.Port.Post(this);
                break;
            case Way.PostDelegate:
                Pass();
                _run.Runtime.Post(static carrier => carrier.Arrive(), this);
                break;
            case Way.Schedule:
                PassOn();
                _ = Task.Factory.StartNew(static carrier => ((Carrier)carrier!).Arrive(), this, CancellationToken.None, TaskCreationOptions.None, _run.Runtime.TaskScheduler);
                break;
            case Way.Spawn:
                Spawn(_arriveAsync, options: null);
                break;
            case Way.SpawnUrgent:
                Spawn(_arriveAsync, DrawUrgency());
                break;
            case Way.Yield:
                Spawn(_yieldAsync, options: null);
                break;
            case Way.YieldUrgent:
                Spawn(_yieldAsync, DrawUrgency());
                break;
            case Way.Wake:
            case Way.WakeFromOutside:
                Spawn(_wakeAsync, Mix.Below(ref _draws, 4) == 0 ? DrawUrgency() : null);
                break;
            case Way.Block:
                Block();
                break;
        }
    }

    private SpawnOptions DrawUrgency() => Urgencies[Mix.Below(ref _draws, Urgencies.Length)];

    private void Spawn(Func<CancellationToken, ValueTask> work, SpawnOptions? options)
    {
        Pass();
        _ = _run.Runtime.Spawn(work, options, CancellationToken.None);
    }

    private async ValueTask YieldAsync(CancellationToken cancellationToken)
    {
        if (!TryTake())
        {
            return;
        }

        for (var left = 1 + Mix.Below(ref _draws, MostYields); left > 0 && Count < Quota; left--)
        {
            PassOn();
            if (left % 4 == 0)
            {
                await Task.Yield();
            }
            else
            {
                await AsyncRuntime.Yield();
            }

            if (!TryTake())
            {
                return;
            }
        }

        GoOn();
    }

    private async ValueTask WakeAsync(CancellationToken cancellationToken)
    {
        if (!TryTake())
        {
            return;
        }

        if (Quota - Count >= 2)
        {
            await new WokenAwaitable(this, _run.Runtime, fromOutside: Mix.Below(ref _draws, 2) == 0);
            if (!TryTake())
            {
                return;
            }
        }

        GoOn();
    }

    // Held, and on a worker, inside a task that nobody looks at.
    private void GoOn()
    {
        try
        {
            OnTaken();
        }
        catch (Exception exception)
        {
            Account.OnFailure(this, exception);
        }
    }

    // The worker waits for what it has just put into its own slot: it must be taken away from it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Block()
    {
        var next = Count + 1;
        Pass();
        _run.Port.Post(this);
        while (Count < next && !_run.Over.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(1)))
        {
        }
    }
}
