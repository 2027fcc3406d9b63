using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Runtime.Hosting.Queues;

/// <summary>429 with problem details and <c>Retry-After</c>.</summary>
internal sealed class BusyResult(string queue, string title, TimeSpan retryAfter) : IResult, IStatusCodeHttpResult
{
    public const string Full = "The queue is full.";
    public const string Busy = "The queue is busy.";
    public const string TooLate = "The deadline cannot be met.";

    public int? StatusCode => StatusCodes.Status429TooManyRequests;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        // RFC 9110: whole seconds. Never 0, which would invite the client to try again at once, even when room has appeared meanwhile.
        var seconds = Math.Max(1, (long)Math.Ceiling(retryAfter.TotalSeconds));
        httpContext.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return TypedResults.Problem(
            statusCode: StatusCodes.Status429TooManyRequests,
            title: title,
            detail: $"The queue '{queue}' takes no more work now. Try again in about {seconds} s.").ExecuteAsync(httpContext);
    }
}

/// <summary>The body of a 202.</summary>
internal sealed record AcceptedWork(Guid Id, string Status);
