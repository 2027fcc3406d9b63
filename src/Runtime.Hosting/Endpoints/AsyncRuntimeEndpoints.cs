namespace Runtime.Hosting;

/// <summary>Where <c>AddAsyncRuntimeEndpoints</c> listens. A singleton service.</summary>
public sealed class AsyncRuntimeEndpoints
{
    internal AsyncRuntimeEndpoints()
    {
    }

    /// <summary>Gets the address in use, with the real port where the configured one was 0.</summary>
    /// <value><see langword="null"/> until the host has started.</value>
    public Uri? Address { get; internal set; }
}
