using System.Reflection;
using Runtime.Hosting.Jobs;

namespace Runtime.Hosting.Tests.Jobs.Cells;

/// <summary>A store that takes every job for one in which the process has died.</summary>
public class SuspectStore : DispatchProxy
{
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
            return (await _inner.ClaimAsync(request with { Suspect = false, Room = 1 }, CancellationToken.None)) with { MayHaveMore = false };
        }

        var waiting = await _inner.CountAsync(new JobFilter { States = [JobState.Queued] }, CancellationToken.None);
        return new JobClaims([], null, MayHaveMore: false, SuspectWaits: waiting.Count > 0);
    }
}
