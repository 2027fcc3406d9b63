using Microsoft.Extensions.DependencyInjection;
using Runtime.Hosting.Tests.Support;

namespace Runtime.Hosting.Tests.Queues;

/// <summary>Every form of TryEnqueue, with options and without, runs the work it was given.</summary>
public sealed class QueueFormsTests
{
    [Fact]
    public async Task TryEnqueue_EveryFormWithoutOptions_RunsTheWork()
    {
        await using var rig = await StartAsync();
        IBackgroundQueue queue = rig.Queue;
        var ran = new List<string>();

        queue.TryEnqueue(ct => Note(ran, "token"), out var token).ShouldBeTrue();
        queue.TryEnqueue<int>(ct => ValueTask.FromResult(1), out var result).ShouldBeTrue();
        queue.TryEnqueue((IServiceProvider services, CancellationToken ct) => Note(ran, services.GetRequiredService<A>().Name), out var provider).ShouldBeTrue();
        queue.TryEnqueue<string>((services, ct) => ValueTask.FromResult(services.GetRequiredService<A>().Name), out var providerResult).ShouldBeTrue();
        queue.TryEnqueue<A>((a, ct) => Note(ran, a.Name), out var one).ShouldBeTrue();
        queue.TryEnqueue<A, B>((a, b, ct) => Note(ran, a.Name + b.Name), out var two).ShouldBeTrue();
        queue.TryEnqueue<A, B, C>((a, b, c, ct) => Note(ran, a.Name + b.Name + c.Name), out var three).ShouldBeTrue();

        await Task.WhenAll(token!.Completion, provider!.Completion, one!.Completion, two!.Completion, three!.Completion).Guard();
        (await result!.Completion.Guard()).ShouldBe(1);
        (await providerResult!.Completion.Guard()).ShouldBe("A");
        ran.ShouldBe(["token", "A", "A", "AB", "ABC"], ignoreOrder: true);
    }

    [Fact]
    public async Task EnqueueAsync_DelegateThatOnlyThrows_MeansTheServiceForm()
    {
        await using var rig = await StartAsync();
        IBackgroundQueue queue = rig.Queue;

        var handle = await queue.EnqueueAsync<A>(async (a, ct) => throw new FormatException(a.Name));
        queue.TryEnqueue<A>(async (a, ct) => throw new FormatException(a.Name), out var second).ShouldBeTrue();

        (await Should.ThrowAsync<FormatException>(handle.Completion.Guard())).Message.ShouldBe("A");
        await Should.ThrowAsync<FormatException>(second!.Completion.Guard());
    }

    [Fact]
    public async Task TryEnqueue_EveryFormWithOptions_GivesThemToTheItem()
    {
        await using var rig = await StartAsync();
        var queue = rig.Queue;
        var options = new EnqueueOptions { Name = "named" };
        var ran = new List<string>();

        queue.TryEnqueue(ct => Note(ran, "token"), options, out var token).ShouldBeTrue();
        queue.TryEnqueue<int>(ct => ValueTask.FromResult(1), options, out var result).ShouldBeTrue();
        queue.TryEnqueue((IServiceProvider services, CancellationToken ct) => Note(ran, "provider"), options, out var provider).ShouldBeTrue();
        queue.TryEnqueue<string>((services, ct) => ValueTask.FromResult("x"), options, out var providerResult).ShouldBeTrue();
        queue.TryEnqueue<A>((a, ct) => Note(ran, a.Name), options, out var one).ShouldBeTrue();
        queue.TryEnqueue<A, B>((a, b, ct) => Note(ran, a.Name + b.Name), options, out var two).ShouldBeTrue();
        queue.TryEnqueue<A, B, C>((a, b, c, ct) => Note(ran, a.Name + b.Name + c.Name), options, out var three).ShouldBeTrue();

        WorkHandle[] handles = [token!, result!, provider!, providerResult!, one!, two!, three!];
        await Task.WhenAll(handles.Select(static handle => handle.Completion)).Guard();
        handles.ShouldAllBe(static handle => handle.Name == "named" && handle.Status == WorkStatus.Succeeded);
    }

    private static Task<QueueRig> StartAsync() => QueueRig.StartAsync(services: static s => s.AddScoped<A>().AddScoped<B>().AddScoped<C>());

    private static ValueTask Note(List<string> ran, string what)
    {
        lock (ran)
        {
            ran.Add(what);
        }

        return ValueTask.CompletedTask;
    }

    private sealed class A
    {
        public string Name => nameof(A);
    }

    private sealed class B
    {
        public string Name => nameof(B);
    }

    private sealed class C
    {
        public string Name => nameof(C);
    }
}
