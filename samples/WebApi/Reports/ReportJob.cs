using System.Text;
using Runtime.Hosting;
using Samples.TextAnalysis;

namespace Samples.WebApi.Reports;

/// <summary>What a report is made of.</summary>
/// <param name="Title">Its title.</param>
/// <param name="Text">The text that it is about.</param>
public sealed record Report(string Title, string Text);

/// <summary>Analyses a text that must not be lost: it is kept in a file until the analysis is done, whatever happens to the process meanwhile.</summary>
[Job("report", MaxAttempts = 5)]
public sealed class ReportJob : IJob<Report>
{
    /// <inheritdoc/>
    public async ValueTask<JobOutcome> RunAsync(Report args, JobContext context, CancellationToken cancellationToken)
    {
        context.Report(0, args.Title);
        using var text = new MemoryStream(Encoding.UTF8.GetBytes(args.Text));
        return JobOutcome.DoneWith(await TextAnalyzer.AnalyzeAsync(text, cancellationToken));
    }
}
