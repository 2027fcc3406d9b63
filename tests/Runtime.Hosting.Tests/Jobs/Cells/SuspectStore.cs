using System.Reflection;
using Runtime.Hosting.Jobs;

namespace Runtime.Hosting.Tests.Jobs.Cells;

/// <summary>A store that takes every job of a queue for one in which the process has died.</summary>
public class SuspectStore : DispatchProxy
{
    public const string Queue = "suspects";

    private IJobStore _inner = null!;

    public static IJobStore Around(IJobStore inner)
    {
        var store = Create<IJobStore, SuspectStore>();
        ((SuspectStore)(object)store)._inner = inner;
        return store;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        targetMethod!.Name == nameof(IJobStore.ClaimAsync) ? ClaimAsync((JobClaimRequest)args![0]!) : targetMethod.Invoke(_inner, args);

    private async ValueTask<JobClaims> ClaimAsync(JobClaimRequest request)
    {
        if (request.Suspect)
        {
            return (await _inner.ClaimAsync(request with { Suspect = false, Room = 1, RoomOfQueue = new Dictionary<string, int> { ["default"] = 0 } }, CancellationToken.None)) with { MayHaveMore = false };
        }

        var claims = await _inner.ClaimAsync(request with { RoomOfQueue = new Dictionary<string, int> { [Queue] = 0 } }, CancellationToken.None);
        var waiting = await _inner.CountAsync(new JobFilter { States = [JobState.Queued], Queue = Queue }, CancellationToken.None);
        return claims with { SuspectWaits = waiting.Count > 0 };
    }
}
