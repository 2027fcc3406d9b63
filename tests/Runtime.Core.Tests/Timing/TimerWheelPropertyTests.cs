using Runtime.Core.Timing;

namespace Runtime.Core.Tests.Timing;

/// <summary>Random histories, held against a sorted set that does the same in the obvious way.</summary>
public sealed class TimerWheelPropertyTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(63)]
    [InlineData(4_095)]
    [InlineData((1L << 30) - 1_000)]
    [InlineData((1L << 30) - 1)]
    [InlineData(1L << 30)]
    [InlineData((1L << 36) - 100_000)]
    [InlineData((1L << 36) - 1)]
    [InlineData((1L << 60) - 10_000)]
    public void AnyHistory_AgreesWithASortedReference(long start)
    {
        for (var round = 0; round < 40; round++)
        {
            var seed = Random.Shared.Next();
            try
            {
                new History(start, seed).Run(operations: 1_500);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Failed with start {start} and seed {seed}.", e);
            }
        }
    }

    private sealed class History(long start, int seed)
    {
        private readonly Random _random = new(seed);
        private readonly TimerWheel _wheel = new(start);
        private readonly SortedSet<(long When, int Id)> _reference = [];
        private readonly List<Entry> _free = [];
        private readonly List<Entry> _armed = [];
        private long _lastDue = start;
        private int _ids;
        private bool _ending;

        public void Run(int operations)
        {
            for (var i = 0; i < operations; i++)
            {
                switch (_random.Next(10))
                {
                    case < 5:
                        Insert();
                        break;
                    case < 7:
                        Remove();
                        break;
                    default:
                        Advance();
                        break;
                }

                CheckState();
            }

            // To the end: everything that is left comes out in order.
            _ending = true;
            AdvanceTo(_reference.Count == 0 ? _wheel.Now : _reference.Max.When);
            _reference.ShouldBeEmpty();
            _wheel.Count.ShouldBe(0);
        }

        private void Insert()
        {
            var entry = _free.Count > 0 ? Take(_free, _free.Count - 1) : new Entry(_ids++);
            Insert(entry, _wheel.Now + RandomLength(maxBits: 40));
        }

        private void Insert(Entry entry, long when)
        {
            // Now and then exactly on a slot's start, just before it or just after it.
            if (_random.Next(3) == 0)
            {
                var shift = _random.Next(1, 7) * TimerWheel.BitsPerLevel;
                when = Math.Max(_wheel.Now + 1, (((when >> shift) + 1) << shift) + _random.Next(-1, 2));
            }

            _wheel.Insert(entry, when);
            entry.Index = _armed.Count;
            _armed.Add(entry);
            _reference.Add((when, entry.Id)).ShouldBeTrue();
        }

        private void Remove()
        {
            if (_armed.Count == 0)
            {
                return;
            }

            var entry = Take(_armed, _random.Next(_armed.Count));
            _reference.Remove((entry.When, entry.Id)).ShouldBeTrue();
            _wheel.Remove(entry).ShouldBeTrue();
            _free.Add(entry);
        }

        private void Advance() => AdvanceTo(_random.Next(4) switch
        {
            0 when _wheel.NextExpiration is { } next => next,
            1 when _reference.Count > 0 => _reference.Min.When - _random.Next(2),
            _ => _wheel.Now + RandomLength(maxBits: 34),
        });

        private void AdvanceTo(long now)
        {
            var due = new TimerPlace[_random.Next(1, 2 * TimerWheel.StepBudget)];
            bool behind;
            do
            {
                var count = _wheel.Advance(now, due, out behind);
                count.ShouldBeLessThanOrEqualTo(TimerWheel.StepBudget);
                foreach (var entry in due.Take(count).Select(static place => (Entry)place.Entry!).ToArray())
                {
                    entry.When.ShouldBeLessThanOrEqualTo(now, "early");
                    entry.When.ShouldBeGreaterThanOrEqualTo(_lastDue, "out of order");
                    _lastDue = entry.When;
                    _reference.Remove((entry.When, entry.Id)).ShouldBeTrue("not armed");
                    Take(_armed, entry.Index).ShouldBe(entry);
                    _free.Add(entry);
                }

                // What users do while the service has let go of the lock between two steps.
                if (behind && !_ending && _random.Next(3) == 0)
                {
                    Insert();
                    Remove();
                    CheckState();
                }
            }
            while (behind);

            if (_reference.Count > 0)
            {
                _reference.Min.When.ShouldBeGreaterThan(now, "overlooked");
                _wheel.NextExpiration!.Value.ShouldBeGreaterThan(_wheel.Now);
            }

            _wheel.Now.ShouldBeGreaterThanOrEqualTo(now);
        }

        private void CheckState()
        {
            _wheel.Count.ShouldBe(_reference.Count);
            if (_reference.Count == 0)
            {
                _wheel.NextExpiration.ShouldBeNull();
            }
            else
            {
                _wheel.NextExpiration!.Value.ShouldBeLessThanOrEqualTo(_reference.Min.When);
            }
        }

        // Every order of magnitude is as likely as any other.
        private long RandomLength(int maxBits) => 1 + (_random.NextInt64() & ((1L << _random.Next(maxBits + 1)) - 1));

        // Removes by moving the last one into the gap.
        private static Entry Take(List<Entry> list, int index)
        {
            var taken = list[index];
            list[index] = list[^1];
            list[index].Index = index;
            list.RemoveAt(list.Count - 1);
            return taken;
        }
    }

    private sealed class Entry(int id) : TimerEntry
    {
        public int Id { get; } = id;

        // Its place in the list of armed entries.
        public int Index { get; set; }

        protected override void Execute()
        {
        }
    }
}
