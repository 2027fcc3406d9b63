using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Mvc;
using Runtime.Hosting;
using Samples.TextAnalysis;

namespace Samples.WebApi.Reports;

/// <summary>Takes texts whose analysis must not be lost.</summary>
[ApiController]
[Route("reports")]
public sealed class ReportsController(IJobClient jobs) : ControllerBase
{
    /// <summary>Stores a report to be made. The answer means that it is on the disk.</summary>
    /// <param name="request">Title and text.</param>
    /// <param name="cancellationToken">The request's end.</param>
    /// <returns>202 with the report's <c>Location</c>.</returns>
    [HttpPost]
    public async Task<IActionResult> Post(ReportRequest request, CancellationToken cancellationToken)
    {
        var handle = await jobs.EnqueueAsync<ReportJob, Report>(new(request.Title, request.Text), new JobOptions { Tags = [request.Title] }, cancellationToken);
        return Accepted($"/reports/{handle.Id}", new { handle.Id });
    }

    /// <summary>Shows a report.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">The request's end.</param>
    /// <returns>200 with its state and, when it is done, what was found; or 404.</returns>
    [HttpGet("{id:guid}")]
    public async Task<IActionResult> Get(Guid id, CancellationToken cancellationToken) => await jobs.GetAsync(id, cancellationToken) is { Name: "report" } job
        ? Ok(new { job.Id, job.State, job.Attempt, job.EnqueuedAt, job.FinishedAt, job.Reason, Result = job.ResultAs<TextStatistics>() })
        : Problem($"There is no report '{id}'; use an id from a Location header.", statusCode: StatusCodes.Status404NotFound);
}

/// <summary>What is asked for.</summary>
/// <param name="Title">1 to 100 printable characters.</param>
/// <param name="Text">At most 100,000 characters.</param>
public sealed record ReportRequest(
    [Required, RegularExpression(@"[^\p{C}]{1,100}")] string Title,
    [Required, MaxLength(100_000)] string Text);
