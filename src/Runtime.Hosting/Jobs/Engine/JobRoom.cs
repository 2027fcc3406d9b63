using System.Collections.ObjectModel;
using Runtime.Core;
using Runtime.Hosting.Configuration;

namespace Runtime.Hosting.Jobs;

/// <summary>How many more jobs this process may claim, in all and of single queues; shared by the parts of the engine, which claim at the same time.</summary>
/// <remarks>
/// Thread safe. A part takes room before it asks its store and gives back what the store did not use, so that the parts together never claim more than there is room for. A part that got less because of what
/// another one had taken, and has used all that it got, is told when that is given back. One that had room and found nothing is not, or parts with nothing to do would wake each other for ever.
/// </remarks>
internal sealed class JobRoom(RunningJobs running, LiveOptions options, AsyncRuntime runtime)
{
    // More at once would run long after they were claimed, and could not be run by anybody else meanwhile.
    private const int MostPerClaim = 256;

    // Ends that a store has not taken may pile up to this many times the room; then no more of its jobs are started.
    private const int MostUnwrittenPerRoom = 4;

    private readonly Lock _lock = new();
    private readonly List<RoomTaken> _taken = [];

    // Parts that wait for what others have taken: of the queues that are named, or, where none are, of the room of the process.
    private readonly Dictionary<EnginePart, IReadOnlyCollection<string>> _heldUp = [];
    private readonly QueueTexts<int> _queueLimits = new(QueueTexts.TryReadLimit);

    // The part whose suspect runs, or is waited for: nobody else claims meanwhile.
    private EnginePart? _alone;
    private TaskCompletionSource? _noneTaken;
    private int _suspects;

    /// <summary>Whether some queue has less room than the process: what it leaves behind is nothing that a store tells.</summary>
    public bool HasQueueLimits => options.CurrentValue.Jobs.QueueConcurrency.Count > 0;

    private int Most
    {
        get
        {
            var settings = options.CurrentValue;
            return settings.Jobs.MaxConcurrency > 0 ? settings.Jobs.MaxConcurrency : Queues.QueueSettings.AutomaticConcurrency(runtime.WorkerCount);
        }
    }

    /// <summary>Whether a part could claim something now.</summary>
    public bool HasRoomFor(EnginePart part)
    {
        lock (_lock)
        {
            return FreeFor(part) > 0;
        }
    }

    /// <summary>Takes room for one claim; <see langword="null"/>: there is none. To be given back.</summary>
    /// <param name="part">Who claims.</param>
    /// <param name="others">How many other parts have jobs waiting: each gets its share.</param>
    public RoomTaken? TryTake(EnginePart part, int others)
    {
        lock (_lock)
        {
            _heldUp.Remove(part);
            var free = FreeFor(part);
            if (free <= 0)
            {
                if (_taken.Count > 0 || _alone is not null)
                {
                    _heldUp[part] = [];
                }

                return null;
            }

            var share = (free + others) / (others + 1);
            var (queues, shortOf) = QueuesFor(share);
            var taken = new RoomTaken(part, Math.Min(share, MostPerClaim), queues, shortOf);
            _taken.Add(taken);
            return taken;
        }
    }

    /// <summary>Gives back what was taken, after the jobs that were claimed have been counted as running.</summary>
    /// <param name="taken">What was taken.</param>
    /// <param name="jobs">The jobs.</param>
    public void GiveBack(RoomTaken taken, IReadOnlyList<ClaimedJob> jobs)
    {
        EnginePart[] heldUp;
        var wantsMore = false;
        lock (_lock)
        {
            _taken.Remove(taken);
            if (_taken.Count == 0)
            {
                _noneTaken?.TrySetResult();
            }

            if (_heldUp.Count == 0 && taken.ShortOf.Count == 0)
            {
                return; // as nearly always, with one store always
            }

            heldUp = TakeHeldUp(queues => queues.Count == 0 || queues.Any(taken.Holds));
            var wanted = taken.ShortOf.Where(queue => jobs.Count(job => job.Job.Queue == queue) >= taken.RoomOfQueue[queue]).ToList();
            if (wanted.Count > 0)
            {
                wantsMore = !_taken.Exists(other => wanted.Exists(other.Holds)); // it has been given back meanwhile
                if (!wantsMore)
                {
                    _heldUp[taken.Part] = wanted;
                }
            }
        }

        Wake(heldUp);
        if (wantsMore)
        {
            taken.Part.WorkArrived();
        }
    }

    /// <summary>Keeps the other parts from claiming; <see langword="false"/>: one of them does so already, and this one is told when that is over.</summary>
    public bool TryBeAlone(EnginePart part)
    {
        lock (_lock)
        {
            if (_alone is not null)
            {
                _heldUp[part] = [];
                return false;
            }

            _alone = part;
            return true;
        }
    }

    /// <summary>Waits until all claims that were under way have been answered and their jobs counted as running, at most for a time. By the part that is alone.</summary>
    public async Task WaitForClaimsAsync(TimeSpan atMost)
    {
        TaskCompletionSource none = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_taken.Count == 0)
            {
                return;
            }

            _noneTaken = none;
        }

        await none.Task.WaitAsync(atMost, TimeProvider.System).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    /// <summary>Lets the others claim again.</summary>
    public void EndAlone()
    {
        EnginePart[] heldUp;
        lock (_lock)
        {
            _alone = null;
            heldUp = TakeHeldUp(static _ => true);
        }

        Wake(heldUp);
    }

    /// <summary>A suspect begins to run: nobody claims until it has ended.</summary>
    public void BeginSuspect() => Interlocked.Increment(ref _suspects);

    public void EndSuspect() => Interlocked.Decrement(ref _suspects);

    // Under the lock.
    private int FreeFor(EnginePart part)
    {
        if (Volatile.Read(ref _suspects) > 0 || (_alone is not null && _alone != part))
        {
            return 0;
        }

        var most = Most;
        if (part.Unwritten > most * MostUnwrittenPerRoom)
        {
            return 0;
        }

        var free = most - running.Count;
        foreach (var taken in _taken)
        {
            free -= taken.Room;
        }

        return free;
    }

    // Under the lock. The queues with a limit of their own and what is left of it; and those of which others have taken something.
    private (IReadOnlyDictionary<string, int> Room, IReadOnlyCollection<string> ShortOf) QueuesFor(int share)
    {
        var settings = options.CurrentValue.Jobs.QueueConcurrency;
        if (settings.Count == 0)
        {
            return (ReadOnlyDictionary<string, int>.Empty, []);
        }

        var room = new Dictionary<string, int>(_queueLimits.Read(settings), StringComparer.Ordinal);
        foreach (var run in running.All)
        {
            if (room.TryGetValue(run.Queue, out var left))
            {
                room[run.Queue] = Math.Max(0, left - 1);
            }
        }

        var shortOf = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (queue, taken) in _taken.SelectMany(static other => other.RoomOfQueue))
        {
            if (taken > 0 && room.TryGetValue(queue, out var left))
            {
                room[queue] = Math.Max(0, left - taken);
                shortOf.Add(queue);
            }
        }

        foreach (var (queue, left) in room)
        {
            room[queue] = Math.Min(left, share); // a claim cannot use more, and another part might
        }

        return (room, shortOf);
    }

    // Under the lock.
    private EnginePart[] TakeHeldUp(Predicate<IReadOnlyCollection<string>> isMeant)
    {
        EnginePart[] heldUp = [.. _heldUp.Where(one => isMeant(one.Value)).Select(static one => one.Key)];
        foreach (var part in heldUp)
        {
            _heldUp.Remove(part);
        }

        return heldUp;
    }

    private static void Wake(EnginePart[] heldUp)
    {
        foreach (var part in heldUp)
        {
            part.WorkArrived();
        }
    }
}

/// <summary>Room that one claim has taken.</summary>
internal sealed class RoomTaken(EnginePart part, int room, IReadOnlyDictionary<string, int> roomOfQueue, IReadOnlyCollection<string> shortOf)
{
    public EnginePart Part { get; } = part;

    /// <summary>Gets how many jobs.</summary>
    public int Room { get; } = room;

    /// <summary>Gets how many of single queues.</summary>
    public IReadOnlyDictionary<string, int> RoomOfQueue { get; } = roomOfQueue;

    /// <summary>Gets the queues of which it would have been more, had others not taken some.</summary>
    public IReadOnlyCollection<string> ShortOf { get; } = shortOf;

    /// <summary>Whether it is in the way of others in a queue.</summary>
    public bool Holds(string queue) => RoomOfQueue.TryGetValue(queue, out var held) && held > 0;
}
