using System.Reflection;
using System.Runtime.ExceptionServices;
using Runtime.Hosting.Jobs;

namespace Runtime.Hosting.Tests.Jobs.Cells;

/// <summary>A store that can be away, or answer its claims and ends late.</summary>
public class TroubledStore : DispatchProxy
{
    private IJobStore _inner = null!;

    /// <summary>Whether every call but the close fails.</summary>
    public bool IsAway { get; set; }

    /// <summary>What openings, claims and ends wait for before they do anything.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>Who is told of what happens in the store.</summary>
    public IJobStoreListener? Listener { get; private set; }

    /// <summary>Called with the name of a member before it does anything.</summary>
    public Action<string>? Before { get; set; }

    /// <summary>Whether claims take a while, as those of a database do.</summary>
    public bool IsSlow { get; set; }

    public static (IJobStore Store, TroubledStore Trouble) Around(IJobStore inner)
    {
        var store = Create<IJobStore, TroubledStore>();
        var trouble = (TroubledStore)(object)store;
        trouble._inner = inner;
        return (store, trouble);
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (IsAway && targetMethod!.Name.EndsWith("Async", StringComparison.Ordinal) && targetMethod.Name != nameof(IAsyncDisposable.DisposeAsync))
        {
            throw new JobStoreException("It is away.");
        }

        Before?.Invoke(targetMethod!.Name);
        Listener = targetMethod!.Name == nameof(IJobStore.OpenAsync) ? (IJobStoreListener)args![1]! : Listener;
        return Gate.IsCompleted && !IsSlow
            ? Inner(targetMethod!, args)
            : targetMethod!.Name switch
            {
                nameof(IJobStore.ClaimAsync) => LateAsync<JobClaims>(targetMethod, args),
                nameof(IJobStore.OpenAsync) => LateAsync(targetMethod, args),
                nameof(IJobStore.EndAsync) => LateAsync<IReadOnlyList<bool>>(targetMethod, args),
                _ => Inner(targetMethod, args),
            };
    }

    private object? Inner(MethodInfo method, object?[]? args)
    {
        try
        {
            return method.Invoke(_inner, args);
        }
        catch (TargetInvocationException exception)
        {
            ExceptionDispatchInfo.Throw(exception.InnerException!);
            throw;
        }
    }

    private async ValueTask LateAsync(MethodInfo method, object?[]? args)
    {
        await Gate;
        await (ValueTask)Inner(method, args)!;
    }

    private async ValueTask<T> LateAsync<T>(MethodInfo method, object?[]? args)
    {
        await Gate;
        var result = await (ValueTask<T>)Inner(method, args)!;
        if (IsSlow)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }

        return result;
    }
}
