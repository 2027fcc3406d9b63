using Runtime.Core;
using Runtime.Hosting;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddAsyncRuntime();

var app = builder.Build();
app.MapAsyncRuntime(); // /health, /health/live, /health/ready, /metrics, /runtime/tuner

app.MapPost("/primes/{below:int}", (int below, IBackgroundQueue queue) =>
{
    var options = new EnqueueOptions { Name = "primes", Priority = TaskPriority.Low };
    queue.TryEnqueue(cancellationToken => ValueTask.FromResult(Primes.CountBelow(below, cancellationToken)), options, out var work);
    return queue.AcceptedOrBusy(work); // 202 with Location: /jobs/{id}, or 429 with Retry-After
});

app.MapGet("/jobs/{id}", (string id, IWorkTracker tracker) => tracker.TryGet(id, out var work)
    ? Results.Ok(new { Status = work.Status.ToString(), work.Result })
    : Results.NotFound());

await app.RunAsync();
