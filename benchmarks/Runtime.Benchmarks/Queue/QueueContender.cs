using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runtime.Benchmarks.Harness;

namespace Runtime.Benchmarks.Queue;

/// <summary>A background queue inside a generic host of its own, as its documentation shows it, without logging providers.</summary>
internal abstract class QueueContender(string name, Resolve resolve) : Contender(name)
{
    // Made by StartAsync.
    private IHost? _host;

    protected Resolve Resolve { get; } = resolve;

    protected RoundCounter Counter { get; } = new();

    protected IServiceProvider Services => (_host ?? throw new InvalidOperationException("Start the contender first.")).Services;

    /// <summary>Sets what an item does besides. Before the start.</summary>
    public void LetItemsBurn(Burner burner) => Counter.Burner = burner;

    /// <summary>Hands over so many items, one by one, and waits where the contender makes the producer wait.</summary>
    public abstract ValueTask SubmitAsync(int items);

    public override async Task StartAsync()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(Counter);
        builder.Services.AddScoped<ScopedService>();
        Configure(builder);
        _host = builder.Build();
        await _host.StartAsync();
        await OnStartedAsync();
    }

    public override async Task<Lap> RunAsync(int operations)
    {
        Counter.Reset(operations);
        var began = Stopwatch.GetTimestamp();
        await SubmitAsync(operations);
        var submitted = Stopwatch.GetTimestamp() - began;
        long done;
        try
        {
            done = await Counter.WaitAsync() - began;
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"{Name}: not all of {operations:N0} items have run; {Describe()}.", exception);
        }

        var settled = await SettleAsync() ? Stopwatch.GetTimestamp() - began : 0;
        return new Lap(submitted, done, settled);
    }

    /// <summary>Says how it stands, for a message.</summary>
    protected virtual string Describe() => Settings;

    /// <summary>Gets how many items block all that runs them.</summary>
    public virtual int Consumers => 1;

    /// <summary>Runs a round in two phases: with all consumers held back, everything is submitted; then they are let go.</summary>
    /// <returns>The round; submitting and draining do not overlap in it.</returns>
    public async Task<Lap> RunPhasedAsync(int operations)
    {
        using var gate = new Gate(Consumers);
        Counter.Reset(operations + Consumers);
        Counter.HoldBy(gate);
        await SubmitAsync(Consumers);
        gate.WaitUntilHeld();
        Counter.HoldBy(null);
        var began = Stopwatch.GetTimestamp();
        await SubmitAsync(operations);
        var submitted = Stopwatch.GetTimestamp() - began;
        gate.Open();
        return new Lap(submitted, await Counter.WaitAsync() - began, 0);
    }

    /// <summary>Submits one item from the calling thread and sleeps; says when the item started and when the call returned, in timestamp ticks.</summary>
    /// <remarks>The thread sleeps rather than waits for the item: a waiter spins, and would warm the other processor.</remarks>
    public (long Started, long Returned) RunOne(int sleepMilliseconds)
    {
        Counter.Reset(1);
        var began = Stopwatch.GetTimestamp();
        var submit = SubmitAsync(1);
        var returned = Stopwatch.GetTimestamp() - began;
        Thread.Sleep(sleepMilliseconds);
        if (!submit.IsCompletedSuccessfully)
        {
            submit.AsTask().GetAwaiter().GetResult();
        }

        return (Counter.Wait() - began, returned);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.StopAsync();
            _host.Dispose();
            Counter.Dispose();
        }
    }

    protected abstract void Configure(HostApplicationBuilder builder);

    protected virtual ValueTask OnStartedAsync() => default;

    /// <summary>Waits until the contender has booked every item of the round as ended.</summary>
    /// <returns><see langword="false"/> when it keeps no such books.</returns>
    protected virtual ValueTask<bool> SettleAsync() => new(false);

    /// <summary>The body of an item, given the provider of its scope.</summary>
    protected void Work(IServiceProvider scope)
    {
        if (Resolve == Resolve.Service)
        {
            scope.GetRequiredService<ScopedService>().Work();
        }
        else
        {
            Counter.Hit();
        }
    }
}
