namespace Runtime.Hosting;

/// <summary>The item that is running, for the code that runs in it. A scoped service: take it like any other, e.g. <c>EnqueueAsync((WorkContext context, CancellationToken ct) => …)</c>.</summary>
/// <remarks>Thread safe.</remarks>
public abstract class WorkContext
{
    private protected WorkContext()
    {
    }

    /// <summary>Gets the handle of the item.</summary>
    public abstract WorkHandle Handle { get; }

    /// <summary>Says how far the item has come. The latest report counts.</summary>
    /// <param name="fraction">From 0 to 1.</param>
    /// <param name="message">What it is doing.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="fraction"/> is not from 0 to 1.</exception>
    public abstract void Report(double fraction, string? message = null);
}
