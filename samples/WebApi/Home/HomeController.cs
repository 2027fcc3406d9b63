using Microsoft.AspNetCore.Mvc;

namespace Samples.WebApi.Home;

/// <summary>Says what there is to try, and answers pings.</summary>
[ApiController]
public sealed class HomeController : ControllerBase
{
    private const string ReportExample = """{"title": "First", "text": "To be, or not to be"}""";

    /// <summary>Says what there is to try.</summary>
    /// <returns>Plain text for a terminal as well as a browser.</returns>
    [HttpGet("/")]
    public ContentResult Get()
    {
        var here = $"{Request.Scheme}://{Request.Host}{Request.PathBase}";
        return Content(
            $"""
            Heavy work in the background of a web application. Try:

            Analyse a text; the answer's Location is the job:
              curl -i -H 'Content-Type: text/plain' --data-binary @README.md '{here}/documents?priority=High&deadlineSeconds=5'

            See the job, cancel it:
              curl {here}/jobs/ID
              curl -X DELETE {here}/jobs/ID

            The same for a text that must not be lost, whatever happens to this process:
              curl -i -H 'Content-Type: application/json' --data '{ReportExample}' {here}/reports
              curl {here}/reports/ID

            Start a storm of computation, and see that requests are answered as fast as before:
              curl -X POST '{here}/burn?milliseconds=50&count=100&priority=Low'
              curl {here}/ping

            See how the runtime is doing:
              curl {here}/health
              curl {here}/metrics

            """,
            "text/plain; charset=utf-8");
    }

    /// <summary>Answers at once.</summary>
    /// <returns><c>pong</c>.</returns>
    [HttpGet("/ping")]
    public ContentResult Ping() => Content("pong", "text/plain");
}
