using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Runtime.Hosting.Configuration;

/// <summary>Says when the application's configuration has changed. An application without any has a token that never fires.</summary>
internal sealed class SectionChangeTokenSource(IConfiguration? configuration = null) : IOptionsChangeTokenSource<AsyncRuntimeHostingOptions>
{
    public string Name => Options.DefaultName;

    public IChangeToken GetChangeToken() => configuration?.GetReloadToken() ?? new CancellationChangeToken(CancellationToken.None);
}
