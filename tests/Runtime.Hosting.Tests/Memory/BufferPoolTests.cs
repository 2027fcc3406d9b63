using System.Buffers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Runtime.Core;
using Runtime.Core.Memory;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Memory;

/// <summary>The buffer pool in a host: by injection, in Kestrel, from configuration, in health.</summary>
public sealed class BufferPoolTests
{
    [Fact]
    public async Task UseBufferPoolForKestrel_Requests_AreReadIntoItsBuffers_WhichComeBack()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddAsyncRuntime().UseBufferPoolForKestrel();
        await using var app = builder.Build();
        app.MapPost("/length", static async (HttpRequest request) =>
        {
            using var reader = new StreamReader(request.Body);
            return (await reader.ReadToEndAsync()).Length;
        });
        await app.StartAsync().Guard();
        var pool = app.Services.GetRequiredService<AsyncRuntime>().MemoryPool;
        using (var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) })
        {
            using var content = new StringContent(new string('x', 100_000));
            using var response = await client.PostAsync(new Uri("/length", UriKind.Relative), content).Guard();
            (await response.Content.ReadAsStringAsync().Guard()).ShouldBe("100000");
        }

        pool.Snapshot().Tiers.Sum(static tier => tier.Rents).ShouldBeGreaterThan(0);
        await app.StopAsync().Guard();
        SpinWait.SpinUntil(() => pool.Snapshot().RentedBytes == 0, TimeSpan.FromSeconds(30)).ShouldBeTrue();
    }

    [Fact]
    public async Task Injected_IsTheRuntimes_AndOutlivesWhoeverDisposesIt()
    {
        await using var host = await TestHost.StartAsync();
        var injected = host.Services.GetRequiredKeyedService<MemoryPool<byte>>("AsyncRuntime");
        injected.Dispose();

        using var owner = injected.Rent(100);

        host.Services.GetRequiredService<AsyncRuntime>().Snapshot().Memory.RentedBytes.ShouldBe(128);
    }

    [Fact]
    public async Task Configuration_SetsTheBounds_AndHealthSaysWhenTheyAreReached()
    {
        await using var host = await TestHost.StartAsync(settings: [("Memory:MaxBytes", "1048576"), ("Memory:WhenExhausted", "Throw")]);
        var pool = host.Services.GetRequiredService<AsyncRuntime>().MemoryPool;
        var health = host.Services.GetRequiredService<HealthCheckService>();
        (await health.CheckHealthAsync().Guard()).Entries["async-runtime"].Status.ShouldBe(HealthStatus.Healthy);

        using (pool.Rent(1 << 20))
        {
            Should.Throw<BufferPoolExhaustedException>(() => pool.Rent(1));
            var entry = (await health.CheckHealthAsync().Guard()).Entries["async-runtime"];
            (entry.Status, entry.Description).ShouldBe(
                (HealthStatus.Degraded, "The buffer pool is at its bound: 1048576 of 1048576 bytes are rented, 0 rents wait, 0 were served outside of it."));
            ((Dictionary<string, object>)entry.Data["memory"])["rentedBytes"].ShouldBe(1048576L);
        }

        (await health.CheckHealthAsync().Guard()).Entries["async-runtime"].Status.ShouldBe(HealthStatus.Healthy);
    }
}
