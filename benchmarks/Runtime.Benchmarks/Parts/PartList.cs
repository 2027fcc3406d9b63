using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Runtime.Benchmarks.Queue;

namespace Runtime.Benchmarks.Parts;

/// <summary>The parts.</summary>
internal static class PartList
{
    public static IEnumerable<Part> All()
    {
        var scopes = Scopes();
        yield return new Part("scope", n =>
        {
            for (var i = 0; i < n; i++)
            {
                using var scope = scopes.CreateScope();
                GC.KeepAlive(scope);
            }
        });
        yield return new Part("scope-and-service", n =>
        {
            for (var i = 0; i < n; i++)
            {
                using var scope = scopes.CreateScope();
                GC.KeepAlive(scope.ServiceProvider.GetRequiredService<ScopedService>());
            }
        });
        yield return new Part("guid-random", n => Keep(n, static () => Guid.NewGuid()));
        yield return new Part("guid-version7", n => Keep(n, static () => Guid.CreateVersion7()));
        yield return new Part("stopwatch", n => Keep(n, static () => Stopwatch.GetTimestamp()));
        yield return new Part("tick-count-64", n => Keep(n, static () => Environment.TickCount64));
        yield return new Part("utc-now", n => Keep(n, static () => DateTimeOffset.UtcNow));
        yield return new Part("completion-source", n => Keep(n, static () =>
        {
            var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            source.TrySetResult();
            return source;
        }));
        yield return new Part("cancellation-source", n => Keep(n, static () =>
        {
            using var source = new CancellationTokenSource();
            return source.Token.CanBeCanceled;
        }));
        var gate = new Lock();
        yield return new Part("lock-uncontended", n =>
        {
            for (var i = 0; i < n; i++)
            {
                lock (gate)
                {
                }
            }
        });
        var channel = Channel.CreateBounded<object>(16);
        yield return new Part("channel-write-read", n =>
        {
            for (var i = 0; i < n; i++)
            {
                channel.Writer.TryWrite(channel);
                channel.Reader.TryRead(out _);
            }
        });
        yield return new Part("execution-context", n => Keep(n, static () => ExecutionContext.Capture()));
        yield return new Part("activity-current", n => Keep(n, static () => Activity.Current));
        yield return Listened();
    }

    private static Part Listened()
    {
        var meter = new Meter("parts");
        var counter = meter.CreateCounter<long>("c");
        var listener = new MeterListener();
        listener.InstrumentPublished = (i, l) =>
        {
            if (i == counter)
            {
                l.EnableMeasurementEvents(i);
            }
        };
        listener.SetMeasurementEventCallback<long>(static (_, _, _, _) => { });
        listener.Start();
        return new Part("counter-listened", n =>
        {
            for (var i = 0; i < n; i++)
            {
                counter.Add(1);
            }

            GC.KeepAlive(listener);
        });
    }

    private static void Keep<T>(int count, Func<T> make)
    {
        T last = default!;
        for (var i = 0; i < count; i++)
        {
            last = make();
        }

        GC.KeepAlive(last);
    }

    private static IServiceScopeFactory Scopes() =>
        new ServiceCollection().AddSingleton<RoundCounter>().AddScoped<ScopedService>().BuildServiceProvider().GetRequiredService<IServiceScopeFactory>();
}
