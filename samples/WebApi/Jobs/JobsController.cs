using Microsoft.AspNetCore.Mvc;
using Runtime.Core;
using Runtime.Hosting;

namespace Samples.WebApi.Jobs;

/// <summary>Shows and cancels jobs.</summary>
[ApiController]
[Route("jobs/{id}")]
public sealed class JobsController(IWorkTracker tracker, AsyncRuntime runtime) : ControllerBase
{
    /// <summary>Shows a job.</summary>
    /// <param name="id">Its id.</param>
    /// <returns>200 with the job, or 404.</returns>
    [HttpGet]
    public IActionResult Get(string? id) => tracker.TryGet(id, out var handle) ? Ok(View(handle)) : Unknown(id);

    /// <summary>Cancels a job. A queued one is over at once; a running one when it next looks at its token.</summary>
    /// <param name="id">Its id.</param>
    /// <returns>202 with the job; 404 when it is unknown, 409 when it is already over.</returns>
    [HttpDelete]
    public IActionResult Delete(string? id)
    {
        if (!tracker.TryGet(id, out var handle))
        {
            return Unknown(id);
        }

        // A second DELETE while the first one takes effect is as welcome as the first.
        var accepted = handle.Cancel("Cancelled by its client.") || handle.Status is WorkStatus.Queued or WorkStatus.Running;
        return accepted
            ? Accepted($"/jobs/{handle.Id}", View(handle))
            : Problem($"The job {handle.Id} is already over: {handle.Status}.", statusCode: StatusCodes.Status409Conflict);
    }

    private JobView View(WorkHandle handle) => JobView.Of(handle, runtime.TimeProvider.GetUtcNow());

    private ObjectResult Unknown(string? id) =>
        Problem($"There is no job '{id}', or it ended too long ago; use an id from a Location header.", statusCode: StatusCodes.Status404NotFound);
}
