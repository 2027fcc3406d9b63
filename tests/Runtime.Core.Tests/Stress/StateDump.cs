using System.Text;

namespace Runtime.Core.Tests.Stress;

/// <summary>How a runtime stands, for the message of a test that gives up on it.</summary>
internal static class StateDump
{
    public static string Of(RuntimeSnapshot snapshot)
    {
        var text = new StringBuilder()
            .AppendLine($"{snapshot.State}, accepted {snapshot.Accepted:N0}, finished {snapshot.Finished:N0}, executed {snapshot.Executed:N0}, "
                + $"unhandled {snapshot.UnhandledExceptions:N0}, reserve {snapshot.ReserveWorkers}, longest wait {snapshot.LongestWait}, "
                + $"injector {snapshot.InjectorDepth:N0}, by priority {string.Join(' ', snapshot.QueueDepth)}")
            .AppendLine($"Timers: active {snapshot.Timers.Active:N0}, fired {snapshot.Timers.Fired:N0}, cancelled {snapshot.Timers.Cancelled:N0}, overdue {snapshot.Timers.Overdue}");
        foreach (var worker in snapshot.Workers)
        {
            text.AppendLine($"  {worker.Name}: {(worker.IsBlocked ? "blocked" : worker.IsRunning ? "running" : "not running")}, ring {worker.QueueDepth}, "
                + $"executed {worker.Executed:N0}, parks {worker.Parks:N0}, steals {worker.Steals:N0} of {worker.StealAttempts:N0}");
        }

        return text.ToString();
    }
}
