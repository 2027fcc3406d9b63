using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Mvc;
using Runtime.Hosting;

namespace Samples.WebApi.Burn;

/// <summary>Makes a storm of work that does nothing but use the processor, to see what it does to everything else.</summary>
[ApiController]
[Route("burn")]
public sealed class BurnController(IBackgroundQueue queue) : ControllerBase
{
    /// <summary>Queues as many jobs as there is room for; what finds none is refused, not waited for.</summary>
    /// <param name="milliseconds">How long each job computes.</param>
    /// <param name="count">How many jobs.</param>
    /// <param name="priority">A name of <see cref="Runtime.Core.TaskPriority"/>; Normal when absent.</param>
    /// <returns>202 with how many were accepted and refused; 400 or 429 with a problem.</returns>
    [HttpPost]
    public IResult Post(
        [FromQuery, Range(1, 10_000)] int milliseconds = 50,
        [FromQuery, Range(1, 100_000)] int count = 100,
        [FromQuery, PriorityName] string? priority = null)
    {
        var options = new EnqueueOptions { Name = $"burn {milliseconds} ms", Priority = PriorityNameAttribute.Read(priority) };
        Func<CancellationToken, ValueTask> work = token => Compute(TimeSpan.FromMilliseconds(milliseconds), token);
        WorkHandle? first = null;
        WorkHandle? last = null;
        var accepted = 0;
        while (accepted < count && queue.TryEnqueue(work, options, out var handle))
        {
            first ??= handle;
            last = handle;
            accepted++;
        }

        return first is null
            ? queue.AcceptedOrBusy(null)
            : Results.Accepted(null, new { accepted, refused = count - accepted, first = $"/jobs/{first.Id}", last = $"/jobs/{last!.Id}" });
    }

    private static ValueTask Compute(TimeSpan time, CancellationToken cancellationToken)
    {
        Span<byte> block = stackalloc byte[4096];
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < time;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            SHA256.HashData(block, block[..SHA256.HashSizeInBytes]);
        }

        return ValueTask.CompletedTask;
    }
}
