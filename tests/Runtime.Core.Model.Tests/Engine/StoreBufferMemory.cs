namespace Runtime.Core.Model.Tests.Engine;

// x64 (total store order). A store goes into the thread's own buffer; the thread itself sees it at once, the others when it leaves the buffer,
// first in, first out. Interlocked operations and fences empty the own buffer first.
//
// When a store leaves the buffer matters only to somebody who reads the same word. So nothing is decided when it is stored: each load from
// memory decides which of the other threads' waiting stores to that word, with all that are older in the same buffer, have left by now.
// That gives the same outcomes with far fewer executions.
internal sealed class StoreBufferMemory(Execution execution) : Memory(execution)
{
    public override bool StoresAreSteps => false;

    public override Write Load(ModelThread thread, Location location, bool acquire)
    {
        if (FindOwn(thread, location) is { } own)
        {
            // It may have left already, and another thread's store to the same word after it.
            if (!Execution.Threads.Exists(other => other != thread && FindOwn(other, location) is not null) || Execution.Choose(2) == 0)
            {
                Execution.Record(thread, Hashing.Mix(thread.Hash, own.Hash));
                return own;
            }

            EmptyThrough(thread, location);
        }

        DecideWhatHasLeft(thread, location);
        return Read(thread, location, acquire);
    }

    public override void Store(ModelThread thread, Location location, Write write, bool release)
    {
        Sign(thread, location, write, release);
        write.Hash = Hashing.Mix(thread.Hash, 'S');
        Execution.Record(thread, write.Hash);
        thread.Buffer.Add(write);
    }

    public override Write Exchange(ModelThread thread, Location location, Func<Write, Write?> replace, Ordering fence)
    {
        if (fence == Ordering.Relaxed)
        {
            EmptyThrough(thread, location); // the word itself stays coherent
        }
        else
        {
            Empty(thread);
        }

        if (fence == Ordering.Acquire)
        {
            SettleWord(location); // a lock that has been left is free: only the store that says so may be on its way
        }
        else
        {
            DecideWhatHasLeft(thread, location);
        }

        var seen = location.Newest;
        var reads = location.ReadsSinceWrite;
        if (fence != Ordering.Relaxed)
        {
            thread.Clock.Join(seen.Released);
        }

        var write = replace(seen);
        if (write is null)
        {
            Execution.Record(thread, Hashing.Mix(thread.Hash, seen.Hash));
            location.ReadsSinceWrite += thread.Hash;
            return seen;
        }

        Sign(thread, location, write, release: fence != Ordering.Relaxed);
        if (write.Released is null)
        {
            write.Released = seen.Released; // a release sequence goes on through an atomic replacement
        }

        write.Hash = Hashing.Mix(thread.Hash, seen.Hash, reads);
        location.Append(write, keepHistory: false);
        Execution.Record(thread, write.Hash);
        return seen;
    }

    public override void Fence(ModelThread thread)
    {
        Empty(thread);
        Execution.Record(thread, Hashing.Mix(thread.Hash, 'F'));
    }

    public override void FenceAll(ModelThread caller)
    {
        SettleAll();
        Execution.Record(caller, Hashing.Mix(caller.Hash, 'P'));
    }

    public override bool SettleAll()
    {
        var any = false;
        foreach (var thread in Execution.Threads)
        {
            any |= thread.Buffer.Count > 0;
            Empty(thread);
        }

        return any;
    }

    protected override Write Latest(ModelThread thread, Location location, out bool unordered)
    {
        unordered = Execution.Threads.Any(other => other != thread && FindOwn(other, location) is not null);
        return FindOwn(thread, location) ?? location.Newest;
    }

    private static Write? FindOwn(ModelThread thread, Location location) =>
        thread.Buffer.Count == 0 ? null : thread.Buffer.FindLast(write => write.Location == location);

    private Write Read(ModelThread thread, Location location, bool acquire)
    {
        var write = location.Newest;
        if (acquire)
        {
            thread.Clock.Join(write.Released);
        }

        Execution.Record(thread, Hashing.Mix(thread.Hash, write.Hash));
        location.ReadsSinceWrite += thread.Hash;
        return write;
    }

    private void DecideWhatHasLeft(ModelThread reader, Location location)
    {
        while (true)
        {
            var waiting = Execution.Threads.Where(other => other != reader && other.Buffer.Exists(write => write.Location == location)).ToList();
            if (waiting.Count == 0)
            {
                return;
            }

            var due = waiting.Find(other => !MayOverlook(reader, First(other, location)));
            if (due is null)
            {
                var choice = Execution.Choose(1 + waiting.Count);
                if (choice == 0)
                {
                    waiting.ForEach(other => Overlook(reader, First(other, location)));
                    return;
                }

                due = waiting[choice - 1];
            }

            Leave(due, due.Buffer.IndexOf(First(due, location)) + 1);
        }
    }

    private static Write First(ModelThread thread, Location location) => thread.Buffer.Find(write => write.Location == location)!;

    private void SettleWord(Location location)
    {
        foreach (var thread in Execution.Threads)
        {
            EmptyThrough(thread, location);
        }
    }

    private void EmptyThrough(ModelThread thread, Location location) => Leave(thread, thread.Buffer.FindLastIndex(write => write.Location == location) + 1);

    private void Empty(ModelThread thread) => Leave(thread, thread.Buffer.Count);

    // Stores leave, oldest first. Where another thread has one to the same word waiting, that one may have been first; `before` are those
    // that cannot have been, because they wait for this.
    private void Leave(ModelThread thread, int count, int before = 0)
    {
        before |= 1 << thread.Index;
        for (; count > 0; count--)
        {
            var write = thread.Buffer[0];
            var location = write.Location!;
            LetOthersFirst(location, before);
            thread.Buffer.RemoveAt(0);
            write.Hash = Hashing.Mix(write.Hash, location.Newest.Hash, location.ReadsSinceWrite);
            location.Append(write, keepHistory: false);
            Execution.Record(write.Hash);
            Execution.Log?.Add(thread, "  seen by all", location, write.Text);
        }
    }

    private void LetOthersFirst(Location location, int before)
    {
        while (Execution.Threads.Where(other => (before & (1 << other.Index)) == 0 && FindOwn(other, location) is not null).ToList() is { Count: > 0 } others)
        {
            var choice = Execution.Choose(1 + others.Count);
            if (choice == 0)
            {
                return;
            }

            var first = others[choice - 1];
            Leave(first, first.Buffer.IndexOf(First(first, location)) + 1, before);
        }
    }
}
