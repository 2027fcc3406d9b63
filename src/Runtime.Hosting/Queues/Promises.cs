// Promises: what a queue that refuses what would be late knows: how long items run, how many run at once, and what the queued deadlines ask for. Only such a queue has one.
//
// The estimate, in the order of the lanes (priority, then deadline):
//   wait  = (work of more urgent priorities + work of its own priority with an earlier or equal deadline + one mean run, for what runs now) / servers; 0 while a server is free and nothing waits
//   end   = now + wait + its own mean run + 2 standard deviations of all that
// Accepted when the end is not after the deadline, and when every item of its priority behind it still keeps its own (the demand test of Liu and Layland 1973 for earliest deadline first, over the
// sums of DeadlineTree). Work of an item: the mean of its name when that has been measured, otherwise of the queue; of items without a deadline: the mean of their priority.
// Servers: how many items were running whenever one ended and others waited. That is the number of workers for items that compute, and of places for items that await, and less when other queues take a part.
//
// What it does not see: more urgent work that comes later; starvation boosts; items that are delayed, or wait for their concurrency key; that a running item will take longer than its like;
// that an item is not like those of its name. Two standard deviations cover at least 80 % of any distribution (Cantelli), 95 % of an exponential, 97.7 % of a normal one; the means lag behind a
// change by some hundred items.
// Rejected: the drain rate (it is taken while anything is queued, and at low load that is mostly the time a worker takes to wake up); a quantile of run times (sums of waits have none).
using System.Runtime.InteropServices;

namespace Runtime.Hosting.Queues;

/// <summary>Estimates when an item would end. See the head of the file.</summary>
/// <remarks>Not thread safe: under the queue's lock. O(log n) for n items with a deadline; allocates nothing once it has its size.</remarks>
internal sealed class Promises
{
    // How many standard deviations an estimate stays on the safe side.
    private const double Caution = 2;

    // A name that is made for each item must not fill the memory: the table is begun anew when it is full.
    private const int MostNames = 1000;

    // The weight of one more count of running items.
    private const double ServersWeight = 1 / 32.0;

    // The trees go by a whole number, which changes only when the measured one is clearly off it: a change costs a walk through all nodes.
    private const double ServersSlip = 0.75;

    private readonly Dictionary<string, RunTimes> _names = new(StringComparer.Ordinal);
    private readonly RunTimes[] _levels = new RunTimes[WorkLanes.Levels];
    private readonly DeadlineTree[] _trees = [new(), new(), new(), new(), new()];
    private RunTimes _all;

    // 0 while nothing is known.
    private double _servers;

    /// <summary>Whether enough has been measured to refuse anything.</summary>
    public bool IsKnown => _all.IsKnown;

    /// <summary>Notes how long an item has run.</summary>
    public void OnRan(WorkHandle item, long ticks)
    {
        _all.Add(ticks);
        _levels[(int)item.LanePriority].Add(ticks);
        if (item.Options.Name is { } name)
        {
            if (_names.Count >= MostNames && !_names.ContainsKey(name))
            {
                _names.Clear();
            }

            CollectionsMarshal.GetValueRefOrAddDefault(_names, name, out _).Add(ticks);
        }
    }

    /// <summary>Notes that an item has ended while others waited.</summary>
    /// <param name="running">How many were running, that one included.</param>
    public void OnEndedBeforeOthers(int running)
    {
        _servers = _servers == 0 ? running : _servers + (ServersWeight * (running - _servers));
        if (Math.Abs(_servers - _trees[0].Servers) > ServersSlip)
        {
            var servers = Math.Max(1, (int)Math.Round(_servers));
            Array.ForEach(_trees, tree => tree.Servers = servers);
        }
    }

    /// <summary>An item with a deadline has come into the lanes.</summary>
    public void Add(WorkHandle item)
    {
        var tree = _trees[(int)item.LanePriority];
        var deadline = item.DeadlineTicks;
        var times = TimesOf(item);
        var servers = (double)tree.Servers;
        var caution = Caution * Math.Sqrt(times.Variance + (tree.Before(deadline).Variance / (servers * servers)));

        // Its own run is not spread over the servers.
        tree.Add(deadline, item.Sequence, times.Mean, times.Variance, deadline - (times.Mean * (1 - (1 / servers))) - caution);
    }

    /// <summary>An item with a deadline has left the lanes.</summary>
    public void Remove(WorkHandle item) => _trees[(int)item.LanePriority].Remove(item.DeadlineTicks, item.Sequence);

    /// <summary>Whether a new item is to be refused.</summary>
    /// <param name="item">The item, with its place in the order.</param>
    /// <param name="delay">How long it will be delayed first.</param>
    /// <param name="lanes">What waits.</param>
    /// <param name="running">How many items run.</param>
    /// <param name="places">How many may.</param>
    /// <param name="now">The time.</param>
    /// <param name="deadline">By when it is to have ended.</param>
    /// <param name="end">When it would be accepted to end; after the deadline when it is refused.</param>
    public bool IsLate(WorkHandle item, long delay, WorkLanes lanes, int running, int places, long now, long deadline, out long end)
    {
        var servers = _servers == 0 ? places : Math.Clamp(_servers, 1, places);
        var isOrdered = item.DeadlineTicks != long.MaxValue;
        var level = (int)item.LanePriority;
        var (work, variance) = Above(isOrdered ? level : WorkLanes.Levels, lanes);
        var own = TimesOf(item);
        var ahead = isOrdered ? _trees[level].Before(deadline) : new DeadlineTree.Ahead(0, 0, double.PositiveInfinity);
        end = EndOf(work + ahead.Work, variance + ahead.Variance);
        if (end > deadline)
        {
            return true;
        }

        // A delayed item puts nobody off now, and what it will meet is not known.
        var overrun = delay > 0 ? 0 : ((double)now * _trees[level].Servers) + work + Residual(work + ahead.Work, running, servers) + own.Mean - ahead.Slack;
        if (overrun <= 0)
        {
            return false;
        }

        // It would have to go behind those that it would make late.
        end = Math.Max(EndOf(work + _trees[level].Work, variance + _trees[level].Variance), deadline + 1 + (long)(overrun / servers));
        return true;

        long EndOf(double before, double spread)
        {
            var residual = Residual(before, running, servers);
            var wait = (before + residual) / servers;
            spread += residual > 0 ? _all.Variance : 0;
            return now + (long)(Math.Max(wait, delay) + own.Mean + (Caution * Math.Sqrt(own.Variance + (spread / (servers * servers)))));
        }
    }

    // What runs now keeps its server for one mean more, on average; when one is free and nothing waits, nobody waits.
    private double Residual(double before, int running, double servers) => before > 0 || running >= Math.Floor(servers) ? _all.Mean : 0;

    // The work of the levels below that number.
    private (double Work, double Variance) Above(int level, WorkLanes lanes)
    {
        var work = 0.0;
        var variance = 0.0;
        for (var i = 0; i < level; i++)
        {
            ref var times = ref _levels[i].IsKnown ? ref _levels[i] : ref _all;
            var plain = lanes.PlainCountOf(i);
            work += _trees[i].Work + (plain * times.Mean);
            variance += _trees[i].Variance + (plain * times.Variance);
        }

        return (work, variance);
    }

    private ref readonly RunTimes TimesOf(WorkHandle item)
    {
        if (item.Options.Name is { } name)
        {
            ref readonly var named = ref CollectionsMarshal.GetValueRefOrNullRef(_names, name);
            if (!System.Runtime.CompilerServices.Unsafe.IsNullRef(in named) && named.IsKnown)
            {
                return ref named;
            }
        }

        return ref _all;
    }
}
