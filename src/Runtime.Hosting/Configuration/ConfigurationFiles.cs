using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Runtime.Hosting.Configuration;

/// <summary>Knows which configuration files could not be read when they were saved.</summary>
/// <remarks>
/// A file that is not valid JSON raises no change at all: its provider drops every value it had and throws into the file watcher, where
/// nobody sees it. The next change of any other file would then read our settings as if the broken file were empty. So the load errors
/// are watched, and while a file is broken nothing is reloaded.
/// </remarks>
internal sealed class ConfigurationFiles : IDisposable
{
    private readonly ConcurrentDictionary<FileConfigurationProvider, string> _broken = new();
    private readonly List<IDisposable> _subscriptions = [];
    private readonly Action _changed;

    /// <summary>Watches the files of a configuration.</summary>
    /// <param name="configuration">The application's configuration.</param>
    /// <param name="changed">Called after a file broke or was repaired.</param>
    public ConfigurationFiles(IConfiguration? configuration, Action changed)
    {
        _changed = changed;
        Watch(configuration);
    }

    /// <summary>Gets what is wrong with a broken file, or <see langword="null"/>.</summary>
    public string? Broken => _broken.Values.Order(StringComparer.Ordinal).FirstOrDefault();

    public void Dispose() => _subscriptions.ForEach(static subscription => subscription.Dispose());

    private void Watch(IConfiguration? configuration)
    {
        foreach (var provider in (configuration as IConfigurationRoot)?.Providers ?? [])
        {
            if (provider is ChainedConfigurationProvider chained)
            {
                Watch(chained.Configuration);
            }
            else if (provider is FileConfigurationProvider { Source.ReloadOnChange: true } file)
            {
                var previous = file.Source.OnLoadException;
                Action<FileLoadExceptionContext> handler = context =>
                {
                    previous?.Invoke(context);
                    NoteFailure(file, context);
                };
                file.Source.OnLoadException = handler;
                _subscriptions.Add(new Restore(() => file.Source.OnLoadException = file.Source.OnLoadException == handler ? previous : file.Source.OnLoadException));
                _subscriptions.Add(ChangeToken.OnChange(file.GetReloadToken, NoteSuccess, file));
            }
        }
    }

    private void NoteFailure(FileConfigurationProvider file, FileLoadExceptionContext context)
    {
        // One source can serve several providers; each has its own handler in the chain, and only its own failures count.
        if (!context.Ignore && ReferenceEquals(context.Provider, file))
        {
            _broken[file] = $"{context.Exception.Message} {context.Exception.InnerException?.Message} Repair the file and save it again.";
            _changed();
        }
    }

    private void NoteSuccess(FileConfigurationProvider file)
    {
        if (_broken.TryRemove(file, out _))
        {
            _changed();
        }
    }

    private sealed class Restore(Action restore) : IDisposable
    {
        public void Dispose() => restore();
    }
}
