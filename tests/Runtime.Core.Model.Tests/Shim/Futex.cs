using Runtime.Core.Model.Tests.Engine;

namespace Runtime.Core.Concurrency;

/// <summary>The kernel's part of a park, under the name of the product's; FutexParker is compiled against it.</summary>
[ModelType]
internal static unsafe class Futex
{
    public static bool IsSupported => true;

    public static void Wait(int* word, int expected)
    {
        var execution = Execution.Current;
        var sleeper = new Sleep(execution.WordAt<int>((nint)word));
        execution.Point();

        // The kernel compares and enters the queue under one lock, which a waker takes too: one step.
        var isExpected = sleeper.Word.Peek() == expected;
        Record(execution, sleeper.Word, isExpected ? 1UL : 0);
        if (isExpected)
        {
            execution.Log?.Add(execution.Running, "futex wait", null, "");
            execution.Sleeping.Add(sleeper);
            execution.WaitUntil(() => sleeper.IsOver, "a wake of its futex");
            Record(execution, sleeper.Word, sleeper.WakerHash);
        }
    }

    public static void Wait(int* word, int expected, TimeSpan timeout)
    {
        // In a model no time passes: the wait is over at once, or it never is.
        var execution = Execution.Current;
        execution.Point();
        if (execution.ChooseFreely(2) == 0)
        {
            Wait(word, expected);
        }
        else
        {
            execution.Running.HasTimedOut = true;
        }
    }

    public static void WakeOne(int* word)
    {
        var execution = Execution.Current;
        execution.Point();
        execution.Log?.Add(execution.Running, "futex wake", null, "");
        var target = execution.WordAt<int>((nint)word);
        Record(execution, target, 'W');
        if (execution.Sleeping.Find(sleep => sleep.Word == target) is { } first)
        {
            execution.Sleeping.Remove(first);
            first.IsOver = true;
            first.WakerHash = target.QueueHash;
        }
    }

    private static void Record(Execution execution, PinnedWord<int> word, ulong what)
    {
        var thread = execution.Running;
        execution.Record(thread, Hashing.Mix(thread.Hash, word.QueueHash, what));
        word.QueueHash = thread.Hash;
    }
}
