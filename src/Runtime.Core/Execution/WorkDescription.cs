using Runtime.Core.Scheduling;

namespace Runtime.Core.Execution;

/// <summary>Finds out what to call a queued item in messages.</summary>
internal static class WorkDescription
{
    /// <summary>The name that its user gave it; else the method that it runs.</summary>
    public static string Of(object item) => item switch
    {
        IRunnable { Name: { } name } => name,
        IRunnable { Body: { } body } => Of(body),
        Delegate continuation => Of(continuation),
        _ => item.GetType().Name,
    };

    /// <summary>The async method that goes on with this state; <see langword="null"/> when it is none.</summary>
    public static string? OfState(object? state) =>
        state is Delegate continuation ? Of(continuation) : OfStateMachine(state);

    private static string Of(Delegate body) => OfStateMachine(body.Target) ?? $"{body.Method.DeclaringType}.{body.Method.Name}";

    // The box of a state machine, whose last type argument is named after the method.
    private static string? OfStateMachine(object? box) =>
        box?.GetType() is { IsGenericType: true, Namespace: "System.Runtime.CompilerServices" } type ? type.GenericTypeArguments[^1].ToString() : null;
}
