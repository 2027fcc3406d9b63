using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace Runtime.Core.Execution;

/// <summary>Runs state machines that have been queued as they are, without a delegate around them.</summary>
/// <remarks>
/// The library resumes every async method that awaits an <see cref="IValueTaskSource"/> by one delegate, whose argument is the state machine's task. It is
/// learned by awaiting one; a version of the library that does otherwise costs a delegate for each spawn, and nothing else.
/// </remarks>
internal static class StateMachines
{
    private static readonly Action<object?>? _resume = Learn();

    /// <summary>The task to queue, or <see langword="null"/> when this is not how state machines are resumed.</summary>
    public static object? Recognise(Action<object?> continuation, object? state) => ReferenceEquals(continuation, _resume) ? state : null;

    /// <summary>Resumes what <see cref="Recognise"/> gave.</summary>
    public static void Resume(object task) => _resume!(task);

    /// <summary>The delegate that a spawned state machine is about to run or runs, for messages. Slow.</summary>
    public static Delegate? BodyOf(Task task) =>
        Fields(task).Where(static value => value is IAsyncStateMachine).SelectMany(Fields).OfType<Delegate>().FirstOrDefault();

    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "For messages only: where the fields are trimmed away, the work has no name")]
    private static IEnumerable<object> Fields(object holder) =>
        holder.GetType().GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Select(field => field.GetValue(holder)).OfType<object>();

    private static Action<object?>? Learn()
    {
        var probe = new Probe();
        _ = AwaitAsync(probe);
        return probe.Seen;
    }

    private static async Task AwaitAsync(Probe probe) => await new ValueTask(probe, token: 0).ConfigureAwait(false);

    private sealed class Probe : IValueTaskSource
    {
        public Action<object?>? Seen { get; private set; }

        public ValueTaskSourceStatus GetStatus(short token) => ValueTaskSourceStatus.Pending;

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        {
            if (state is Task)
            {
                Seen = continuation;
            }
        }

        public void GetResult(short token)
        {
        }
    }
}
