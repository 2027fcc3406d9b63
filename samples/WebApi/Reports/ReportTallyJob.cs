using System.Globalization;
using Runtime.Hosting;

namespace Samples.WebApi.Reports;

/// <summary>Writes down once an hour how many reports there are; a recurring job.</summary>
/// <param name="jobs">The jobs.</param>
/// <param name="logger">Where to.</param>
[Job("report-tally", MaxAttempts = 1)]
public sealed partial class ReportTallyJob(IJobClient jobs, ILogger<ReportTallyJob> logger) : IJob<NoArguments>
{
    /// <inheritdoc/>
    public async ValueTask<JobOutcome> RunAsync(NoArguments args, JobContext context, CancellationToken cancellationToken)
    {
        var counts = await jobs.CountAsync(new JobFilter { Name = "report" }, cancellationToken);
        var tally = string.Join(", ", counts.Select(static pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Value} {pair.Key}")));
        tally = tally.Length == 0 ? "none" : tally;
        LogTally(tally);
        return JobOutcome.DoneWith(tally);
    }

    [LoggerMessage(LogLevel.Information, "Reports: {Tally}")]
    private partial void LogTally(string tally);
}
