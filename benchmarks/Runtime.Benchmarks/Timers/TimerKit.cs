using Runtime.Core;

namespace Runtime.Benchmarks.Timers;

/// <summary>One maker of timers: the runtime's wheel or the system's queues.</summary>
internal abstract class TimerKit(string name)
{
    public string Name { get; } = name;

    public abstract ITimer Create(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period);
}

/// <summary>The runtime's.</summary>
internal sealed class RuntimeKit(AsyncRuntime runtime) : TimerKit("ours")
{
    public override ITimer Create(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        runtime.TimeProvider.CreateTimer(callback, state, dueTime, period);
}

/// <summary><see cref="System.Threading.Timer"/>.</summary>
internal sealed class SystemKit() : TimerKit("system")
{
    public override ITimer Create(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(callback, state, dueTime, period);
}
