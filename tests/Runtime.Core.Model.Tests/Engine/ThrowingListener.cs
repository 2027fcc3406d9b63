using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Runtime.Core.Model.Tests.Engine;

/// <summary>Turns a failed Debug.Assert of the product into an exception, which fails the execution.</summary>
internal sealed class ThrowingListener : TraceListener
{
    public override void Write(string? message)
    {
    }

    public override void WriteLine(string? message)
    {
    }

    public override void Fail(string? message, string? detailMessage) => throw new InvalidOperationException($"assertion failed: {message} {detailMessage}");

#pragma warning disable CA2255 // a test assembly is the application here
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Install()
    {
        Trace.Listeners.Clear();
        Trace.Listeners.Add(new ThrowingListener());
    }
}
