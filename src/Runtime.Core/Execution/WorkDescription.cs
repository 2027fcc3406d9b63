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

    private static string Of(Delegate body)
    {
        // The continuation of an async method: the box of its state machine, whose last type argument is named after the method.
        var target = body.Target?.GetType();
        return target is { IsGenericType: true, Namespace: "System.Runtime.CompilerServices" }
            ? target.GenericTypeArguments[^1].ToString()
            : $"{body.Method.DeclaringType}.{body.Method.Name}";
    }
}
