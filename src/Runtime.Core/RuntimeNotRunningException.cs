using Runtime.Core.Lifecycle;

namespace Runtime.Core;

/// <summary>Work was handed to a runtime that does not accept any in its present state.</summary>
public sealed class RuntimeNotRunningException : InvalidOperationException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="state">The state the runtime was in.</param>
    public RuntimeNotRunningException(RuntimeState state)
        : base($"The runtime accepts no work while it is {state}; {Remedy(state)}") => State = state;

    /// <summary>Gets the state the runtime was in.</summary>
    public RuntimeState State { get; }

    private static string Remedy(RuntimeState state) => state switch
    {
        RuntimeState.Uninitialized or RuntimeState.Initializing => $"await {nameof(AsyncRuntime.StartAsync)} first.",
        _ => "it has been stopped. Create a new one, or enqueue before the application stops.",
    };
}
