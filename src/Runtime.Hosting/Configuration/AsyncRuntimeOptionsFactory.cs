using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Runtime.Core;

namespace Runtime.Hosting.Configuration;

/// <summary>Makes the options in one fixed order: defaults, the configuration section, delegates, delegates that come after, checks.</summary>
/// <remarks>
/// Not the framework's factory, for two reasons: delegates must win over the section in whatever order they were registered, and those of
/// the base type count too (<c>services.Configure&lt;AsyncRuntimeOptions&gt;(…)</c>).
/// </remarks>
internal sealed class AsyncRuntimeOptionsFactory(
    IEnumerable<IConfigureOptions<AsyncRuntimeOptions>> baseSetups,
    IEnumerable<IConfigureOptions<AsyncRuntimeHostingOptions>> setups,
    IEnumerable<IPostConfigureOptions<AsyncRuntimeOptions>> basePostSetups,
    IEnumerable<IPostConfigureOptions<AsyncRuntimeHostingOptions>> postSetups,
    IEnumerable<IValidateOptions<AsyncRuntimeOptions>> baseValidators,
    IEnumerable<IValidateOptions<AsyncRuntimeHostingOptions>> validators,
    IConfiguration? configuration = null) : IOptionsFactory<AsyncRuntimeHostingOptions>
{
    /// <summary>Makes new options from what the configuration says now.</summary>
    /// <exception cref="OptionsValidationException">Something is wrong; the message names everything that is.</exception>
    public AsyncRuntimeHostingOptions Create(string name)
    {
        var options = new AsyncRuntimeHostingOptions();
        var errors = new List<string>();
        if (configuration is not null && name == Options.DefaultName)
        {
            OptionsBinder.Bind(configuration.GetSection(AsyncRuntimeHostingOptions.SectionName), options, errors);
        }

        Apply(baseSetups, name, options);
        Apply(setups, name, options);
        foreach (var setup in basePostSetups)
        {
            setup.PostConfigure(name, options);
        }

        foreach (var setup in postSetups)
        {
            setup.PostConfigure(name, options);
        }

        errors.AddRange(baseValidators.Select(validator => validator.Validate(name, options)).SelectMany(Failures));
        errors.AddRange(validators.Select(validator => validator.Validate(name, options)).SelectMany(Failures));
        return errors.Count == 0 ? options : throw new OptionsValidationException(name, typeof(AsyncRuntimeHostingOptions), errors);
    }

    private static void Apply<TOptions>(IEnumerable<IConfigureOptions<TOptions>> setups, string name, TOptions options)
        where TOptions : class
    {
        foreach (var setup in setups)
        {
            if (setup is IConfigureNamedOptions<TOptions> named)
            {
                named.Configure(name, options);
            }
            else if (name == Options.DefaultName)
            {
                setup.Configure(options);
            }
        }
    }

    private static IEnumerable<string> Failures(ValidateOptionsResult result) => result.Failed ? result.Failures : [];
}
