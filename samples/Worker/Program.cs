using Samples.Worker;
using Samples.Worker.Analysis;
using Samples.Worker.Inbox;
using Samples.Worker.Summary;

// Started in its project folder it follows the appsettings.json there; started from anywhere else it has the copy beside it.
var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings
{
    Args = args,
    ContentRootPath = File.Exists("appsettings.json") ? Directory.GetCurrentDirectory() : AppContext.BaseDirectory,
});

builder.Services.AddAsyncRuntime();
builder.Services.AddAsyncRuntimeEndpoints();

builder.Services.AddOptions<WorkerOptions>().BindConfiguration(WorkerOptions.SectionName).ValidateDataAnnotations().ValidateOnStart();
builder.Services.AddSingleton<Tally>();
builder.Services.AddSingleton<FileAnalysis>();
builder.Services.AddSingleton<InboxScanner>();
builder.Services.AddHostedService<InboxService>();
builder.Services.AddHostedService<SummaryService>();

await builder.Build().RunAsync();
