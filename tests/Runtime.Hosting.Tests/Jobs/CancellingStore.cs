using System.Reflection;
using Runtime.Hosting.Jobs;

namespace Runtime.Hosting.Tests.Jobs;

/// <summary>A store in which each job is cancelled after it was claimed and before whoever claims it hears of it.</summary>
public class CancellingStore : DispatchProxy
{
    private IJobStore _inner = null!;

    public static IJobStore Around(IJobStore inner)
    {
        var store = Create<IJobStore, CancellingStore>();
        ((CancellingStore)(object)store)._inner = inner;
        return store;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var result = targetMethod!.Invoke(_inner, args);
        return targetMethod.Name == nameof(IJobStore.ClaimAsync) ? CancelAsync((ValueTask<JobClaims>)result!) : result;
    }

    private async ValueTask<JobClaims> CancelAsync(ValueTask<JobClaims> claiming)
    {
        var claims = await claiming;
        foreach (var job in claims.Jobs)
        {
            (await _inner.CancelAsync(job.Job.Id, "at once", CancellationToken.None)).ShouldBe(JobCancellation.Requested);
        }

        return claims;
    }
}
