using Microsoft.Extensions.Options;

namespace Runtime.Hosting.Configuration;

/// <summary>The options in force when the scope first asked; unlike the framework's snapshot, never invalid ones.</summary>
internal sealed class LiveOptionsSnapshot(LiveOptions live) : IOptionsSnapshot<AsyncRuntimeHostingOptions>
{
    private AsyncRuntimeHostingOptions? _value;

    public AsyncRuntimeHostingOptions Value => _value ??= live.CurrentValue;

    public AsyncRuntimeHostingOptions Get(string? name) => string.IsNullOrEmpty(name) ? Value : live.Get(name);
}
