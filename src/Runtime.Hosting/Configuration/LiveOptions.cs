using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Runtime.Core;

namespace Runtime.Hosting.Configuration;

/// <summary>The options in force: the latest that were valid.</summary>
/// <remarks>
/// Not the framework's monitor: that one forgets the good values before it reads the new ones, and throws a bad value into the file
/// watcher and at every later reader. Here a bad value is logged and reported, and the good ones stay until better ones come.
/// Files notify twice for one save; a notification that changes no value is dropped.
/// </remarks>
internal sealed partial class LiveOptions : IOptionsMonitor<AsyncRuntimeHostingOptions>, IDisposable
{
    private readonly IOptionsFactory<AsyncRuntimeHostingOptions> _factory;
    private readonly ILogger<LiveOptions> _logger;
    private readonly ConfigurationFiles _files;
    private readonly List<IDisposable> _subscriptions = [];

    // Guards _listeners; never held while a listener runs.
    private readonly Lock _lock = new();
    private readonly List<Listener> _listeners = [];

    // The options in force and their values; null until somebody asks. Replaced as a whole, by the one reload that runs.
    private volatile InForce? _inForce;

    // Why the last reload was refused; null after a good one. Written by the reload that runs.
    private volatile string? _failure;

    // How many notifications are not handled yet; whoever raises it from 0 handles all of them.
    private int _notifications;

    public LiveOptions(
        IOptionsFactory<AsyncRuntimeHostingOptions> factory,
        IEnumerable<IOptionsChangeTokenSource<AsyncRuntimeHostingOptions>> sources,
        IEnumerable<IOptionsChangeTokenSource<AsyncRuntimeOptions>> baseSources,
        ILogger<LiveOptions> logger,
        IConfiguration? configuration = null)
    {
        _factory = factory;
        _logger = logger;
        _files = new(configuration, Reload);
        _subscriptions.AddRange(sources.Select(source => ChangeToken.OnChange(source.GetChangeToken, Reload)));
        _subscriptions.AddRange(baseSources.Select(source => ChangeToken.OnChange(source.GetChangeToken, Reload)));
    }

    /// <summary>Gets the latest valid options.</summary>
    /// <exception cref="OptionsValidationException">There have been none yet.</exception>
    public AsyncRuntimeHostingOptions CurrentValue
    {
        get
        {
            if (_inForce is null)
            {
                var first = new InForce(_factory.Create(Options.DefaultName));
                Interlocked.CompareExchange(ref _inForce, first, null);
            }

            return _inForce.Options;
        }
    }

    /// <summary>Gets why the last reload was refused, or <see langword="null"/>.</summary>
    public string? Failure => _failure;

    public AsyncRuntimeHostingOptions Get(string? name) => string.IsNullOrEmpty(name) ? CurrentValue : _factory.Create(name);

    public IDisposable OnChange(Action<AsyncRuntimeHostingOptions, string?> listener)
    {
        var entry = new Listener(this, listener);
        lock (_lock)
        {
            _listeners.Add(entry);
        }

        return entry;
    }

    public void Dispose()
    {
        _files.Dispose();
        _subscriptions.ForEach(static subscription => subscription.Dispose());
    }

    // May be called by several file watchers at once. Never throws, never waits.
    private void Reload()
    {
        if (Interlocked.Increment(ref _notifications) != 1)
        {
            return;
        }

        int handled;
        do
        {
            handled = Volatile.Read(ref _notifications);
            try
            {
                ReloadOnce();
            }
            catch (Exception exception)
            {
                // Of an application's object in the options that cannot be described. The next reload is to come, whatever happened to this one.
                _failure = exception.Message;
            }
        }
        while (Interlocked.Add(ref _notifications, -handled) != 0);
    }

    private void ReloadOnce()
    {
        if (_inForce is not { } old)
        {
            return; // nobody has asked for options yet; the first who does reads the new configuration
        }

        if (!TryRead(out var next, out var reason))
        {
            Refuse(reason);
            return;
        }

        var changes = old.ChangesTo(next);
        if (_failure is not null && changes.Count == 0)
        {
            Tell(LogRepaired);
        }

        _failure = null;
        if (changes.Count > 0)
        {
            _inForce = next;
            Notify(next.Options);
            Tell(() => LogChanges(changes)); // last: who reads it may rely on it
        }
    }

    private bool TryRead([NotNullWhen(true)] out InForce? next, [NotNullWhen(false)] out string? reason)
    {
        next = null;
        reason = _files.Broken;
        if (reason is null)
        {
            try
            {
                next = new(_factory.Create(Options.DefaultName));
            }
            catch (OptionsValidationException exception)
            {
                reason = string.Join(' ', exception.Failures);
            }
            catch (Exception exception)
            {
                reason = exception.Message; // of a delegate or a validator of the application
            }
        }

        return next is not null;
    }

    private void Refuse(string reason)
    {
        if (!string.Equals(_failure, reason, StringComparison.Ordinal))
        {
            _failure = reason;
            Tell(() => LogRejected(reason));
        }
    }

    private void Notify(AsyncRuntimeHostingOptions options)
    {
        Listener[] listeners;
        lock (_lock)
        {
            listeners = [.. _listeners];
        }

        foreach (var listener in listeners)
        {
            try
            {
                listener.Callback(options, Options.DefaultName);
            }
            catch (Exception exception)
            {
                _failure = $"The new settings could not be applied everywhere: {exception.Message}";
                Tell(() => LogListenerFailed(exception));
            }
        }
    }

    // What a log provider throws is nobody's: the settings are in force, or refused, and the health says so. The file watcher that called has no use for it.
    private static void Tell(Action log)
    {
        try
        {
            log();
        }
        catch (Exception)
        {
            // A line is lost; the provider's trouble is not the reload's.
        }
    }

    private sealed class InForce(AsyncRuntimeHostingOptions options)
    {
        private readonly IReadOnlyDictionary<string, Setting> _settings = ConfigurationKeys.Describe(options);

        public AsyncRuntimeHostingOptions Options { get; } = options;

        public List<SettingChange> ChangesTo(InForce next) =>
        [
            .. next._settings.Keys.Union(_settings.Keys, StringComparer.Ordinal)
                .Select(key => new SettingChange(key, _settings.GetValueOrDefault(key), next._settings.GetValueOrDefault(key)))
                .Where(static change => change.From != change.To),
        ];
    }

    private sealed class Listener(LiveOptions owner, Action<AsyncRuntimeHostingOptions, string?> callback) : IDisposable
    {
        public Action<AsyncRuntimeHostingOptions, string?> Callback => callback;

        public void Dispose()
        {
            lock (owner._lock)
            {
                owner._listeners.Remove(this);
            }
        }
    }
}

/// <summary>What a reload changed.</summary>
internal sealed record SettingChange(string Key, Setting? From, Setting? To)
{
    public bool AtStartOnly => (To ?? From)!.AtStartOnly;

    public override string ToString() => $"{Key} from {From?.Value ?? "nothing"} to {To?.Value ?? "nothing"}";
}
