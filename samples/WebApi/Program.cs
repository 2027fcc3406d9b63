using System.Text.Encodings.Web;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using Samples.WebApi.Documents;
using Samples.WebApi.Reports;

var builder = WebApplication.CreateBuilder(args);

var work = builder.Services.AddAsyncRuntime()
    .AddJobsFromAssemblyContaining<Program>()
    .AddRecurringJob<ReportTallyJob>("report-tally", "0 * * * *");

// A file for one machine; for several, a connection string in the configuration, and nothing else changes.
_ = builder.Configuration.GetConnectionString("Jobs") is { Length: > 0 } database
    ? work.UsePostgreSql(database)
    : work.UseSqlite($"Data Source={Path.Combine(builder.Environment.ContentRootPath, builder.Configuration["Reports:Database"] ?? "webapi-jobs.db")}");

builder.Services.AddSingleton<TextBudget>().AddOptions<DocumentOptions>().BindConfiguration("Documents").ValidateDataAnnotations().ValidateOnStart();
builder.Services.AddProblemDetails();
builder.Services.AddControllers().AddJsonOptions(json =>
{
    json.JsonSerializerOptions.Converters.Add(new JsonStringEnumConverter());
    json.JsonSerializerOptions.Encoder = JavaScriptEncoder.Create(UnicodeRanges.All);
});

var app = builder.Build();

app.UseExceptionHandler();
app.UseStatusCodePages();
app.MapControllers();
app.MapAsyncRuntime();

await app.RunAsync();
