using Microsoft.AspNetCore.Http;
using Runtime.Hosting.Queues;

namespace Runtime.Hosting;

/// <summary>Answers HTTP requests with what became of an enqueue; for minimal APIs and, returned as <see cref="IResult"/>, for controllers.</summary>
public static class BackgroundQueueHttpExtensions
{
    /// <summary>
    /// Makes the answer to a <c>TryEnqueue</c>: 202 with <c>Location: {location}/{id}</c> and a body with <c>id</c> and <c>status</c>, or 429 as
    /// problem details with <c>Retry-After</c> in seconds, estimated from the rate at which the queue drains,
    /// or from when the deadline could have been met.
    /// </summary>
    /// <param name="queue">The queue that was asked.</param>
    /// <param name="handle">The handle it gave, or <see langword="null"/> when it refused. A handle that was dropped at once counts as refused.</param>
    /// <param name="location">Where items are found: the path before the id.</param>
    /// <returns>The result to return from the action or handler.</returns>
    /// <example><code>queue.TryEnqueue(work, out var handle);
    /// return queue.AcceptedOrBusy(handle);</code></example>
    /// <exception cref="ArgumentNullException"><paramref name="queue"/> or <paramref name="location"/> is <see langword="null"/>.</exception>
    public static IResult AcceptedOrBusy(this IBackgroundQueue queue, WorkHandle? handle, string location = "/jobs")
    {
        ArgumentNullException.ThrowIfNull(queue);
        ArgumentNullException.ThrowIfNull(location);
        if (handle is null || handle.Status == WorkStatus.Dropped)
        {
            // Not full means that it was a deadline, or that there is room again.
            return new BusyResult(queue.Name, queue.Count >= queue.Capacity ? BusyResult.Full : BusyResult.Busy, queue.EstimateRetryAfter());
        }

        return TypedResults.Accepted($"{location.TrimEnd('/')}/{handle.Id}", new AcceptedWork(handle.Id, handle.Status.ToString()));
    }

    /// <summary>Makes the answer to an <c>EnqueueAsync</c> that a full queue refused: 429 as problem details with <c>Retry-After</c> in seconds.</summary>
    /// <param name="refusal">The exception.</param>
    /// <returns>The result to return from the action or handler.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="refusal"/> is <see langword="null"/>.</exception>
    public static IResult ToBusyResult(this QueueFullException refusal)
    {
        ArgumentNullException.ThrowIfNull(refusal);
        return new BusyResult(refusal.QueueName, BusyResult.Full, refusal.RetryAfter);
    }

    /// <summary>Makes the answer to an <c>EnqueueAsync</c> whose deadline could not be met: 429 as problem details with <c>Retry-After</c> in seconds.</summary>
    /// <param name="refusal">The exception.</param>
    /// <returns>The result to return from the action or handler.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="refusal"/> is <see langword="null"/>.</exception>
    public static IResult ToBusyResult(this DeadlineUnattainableException refusal)
    {
        ArgumentNullException.ThrowIfNull(refusal);
        return new BusyResult(refusal.QueueName, BusyResult.TooLate, refusal.RetryAfter);
    }
}
