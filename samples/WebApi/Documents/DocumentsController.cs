using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Runtime.Hosting;
using Samples.TextAnalysis;

namespace Samples.WebApi.Documents;

/// <summary>Takes texts and analyses them in the background.</summary>
[ApiController]
[Route("documents")]
public sealed class DocumentsController(IBackgroundQueue queue, TextBudget budget, IOptions<DocumentOptions> options) : ControllerBase
{
    private const double SecondsInAYear = 365 * 24 * 60 * 60;

    /// <summary>Queues the text in the body for analysis.</summary>
    /// <param name="priority">A name of <see cref="Runtime.Core.TaskPriority"/>; Normal when absent.</param>
    /// <param name="deadlineSeconds">How soon the analysis should begin; orders texts of one priority.</param>
    /// <param name="cancellationToken">The request's end.</param>
    /// <returns>202 with the job; 400, 413, 415 or 429 with a problem.</returns>
    [HttpPost]
    [PlainTextBody]
    [DisableRequestSizeLimit] // The limit is counted here, so that its 413 is the same on every server and says why.
    public async Task<IResult> Post(
        [FromQuery, PriorityName] string? priority,
        [FromQuery, Range(0, SecondsInAYear)] double? deadlineSeconds,
        CancellationToken cancellationToken)
    {
        var text = new ReceivedText(budget);
        WorkHandle<TextStatistics>? handle = null;
        try
        {
            switch (await text.ReadAsync(Request.Body, Request.ContentLength, options.Value.MaxBytes, cancellationToken))
            {
                case ReadOutcome.Empty:
                    return Results.Problem(PlainTextBodyAttribute.Empty, statusCode: StatusCodes.Status400BadRequest);
                case ReadOutcome.TooLong:
                    return Results.Problem(PlainTextBodyAttribute.TooLong(options.Value.MaxBytes), statusCode: StatusCodes.Status413PayloadTooLarge);
                case ReadOutcome.NoMemory:
                    return NoMemory();
            }

            var work = new EnqueueOptions
            {
                Name = "document",
                Priority = PriorityNameAttribute.Read(priority),
                Deadline = deadlineSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            };
            queue.TryEnqueue<TextStatistics>(text.AnalyzeAsync, work, out handle);
            return queue.AcceptedOrBusy(handle); // 202 with Location: /jobs/{id}, or 429 with Retry-After
        }
        finally
        {
            if (handle is null)
            {
                text.Dispose();
            }
            else
            {
                // A job that is cancelled or dropped before it starts never gets to give its text back.
                _ = handle.Completion.ContinueWith(
                    static (_, text) => ((ReceivedText)text!).Dispose(), text, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
        }
    }

    private IResult NoMemory()
    {
        var seconds = Math.Max(1, (long)Math.Ceiling(queue.EstimateRetryAfter().TotalSeconds));
        Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return Results.Problem(
            $"The texts that wait take all of {options.Value.MaxPendingBytes} bytes. Try again in about {seconds} s.", statusCode: StatusCodes.Status429TooManyRequests);
    }
}
