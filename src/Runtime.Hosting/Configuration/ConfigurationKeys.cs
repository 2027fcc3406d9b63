using Runtime.Core;
using Runtime.Hosting.Jobs;
using Runtime.Hosting.Queues;

namespace Runtime.Hosting.Configuration;

/// <summary>The one table of every key below the section <c>AsyncRuntime</c>.</summary>
internal static class ConfigurationKeys
{
    /// <summary>What stands before a key in a message.</summary>
    public const string Prefix = AsyncRuntimeHostingOptions.SectionName + ":";

    /// <summary>The section of the named queues.</summary>
    public const string Queues = nameof(AsyncRuntimeHostingOptions.Queues);

    /// <summary>The meters that <c>/metrics</c> shows when none is named: ours, the runtime's of .NET, and the requests'.</summary>
    public static IReadOnlyList<string> DefaultMeters { get; } = ["AsyncRuntime", "System.Runtime", "Microsoft.AspNetCore.Hosting"];

    /// <summary>The keys of one queue, below <c>Queue</c> or <c>Queues:NAME</c>.</summary>
    public static IReadOnlyList<OptionRule<BackgroundQueueOptions>> OfOneQueue { get; } =
    [
        OptionRule.Integer<BackgroundQueueOptions>("Capacity", 10_000, 1, 10_000_000, static o => o.Capacity, static (o, v) => o.Capacity = v),
        OptionRule.Integer<BackgroundQueueOptions>("MaxConcurrency", 0, 0, 1_000_000, static o => o.MaxConcurrency, static (o, v) => o.MaxConcurrency = v),
        OptionRule.Choice<BackgroundQueueOptions, QueueFullMode>("FullMode", QueueFullMode.Wait, static o => o.FullMode, static (o, v) => o.FullMode = v),
        OptionRule.Choice<BackgroundQueueOptions, QueueAdmission>("Admission", QueueAdmission.Admit, static o => o.Admission, static (o, v) => o.Admission = v),
        OptionRule.List<BackgroundQueueOptions>(
            "ShareWeights", "none", "texts of the form key=weight, with weights from 1 to 1000", ShareWeights.IsValid, static o => o.ShareWeights, static (o, v) => o.ShareWeights = v),
        OptionRule.Integer<BackgroundQueueOptions>("HistorySize", 10_000, 0, 10_000_000, static o => o.HistorySize, static (o, v) => o.HistorySize = v),
        OptionRule.Switch<BackgroundQueueOptions>("DeferScopeDisposal", false, static o => o.DeferScopeDisposal, static (o, v) => o.DeferScopeDisposal = v),
    ];

    /// <summary>The keys of durable jobs, below <c>Jobs</c>.</summary>
    public static IReadOnlyList<OptionRule<JobsOptions>> OfJobs { get; } =
    [
        OptionRule.Integer<JobsOptions>("MaxConcurrency", 0, 0, 1_000_000, static o => o.MaxConcurrency, static (o, v) => o.MaxConcurrency = v),
        OptionRule.List<JobsOptions>(
            "QueueConcurrency", "none", "texts of the form queue=number, with numbers from 1 to 1000000", QueueTexts.IsLimit, static o => o.QueueConcurrency, static (o, v) => o.QueueConcurrency = v),
        OptionRule.List<JobsOptions>(
            "QueueRates", "none", "texts of the form queue=number/time such as mail=100/00:01:00, with numbers from 1 to 1000000 and times from 00:00:00.010 to 31.00:00:00",
            QueueTexts.IsRate, static o => o.QueueRates, static (o, v) => o.QueueRates = v),
        OptionRule.Words<JobsOptions>(
            "NodeName", "", "at most 100 printable characters", static name => name.Length <= JobRules.LongestName && !name.Any(char.IsControl), static o => o.NodeName, static (o, v) => o.NodeName = v, atStartOnly: true),
        OptionRule.Integer<JobsOptions>("MaxAttempts", 10, 1, JobRules.MostAttempts, static o => o.MaxAttempts, static (o, v) => o.MaxAttempts = v),
        OptionRule.Duration<JobsOptions>(
            "RetryDelay", TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1), static o => o.RetryDelay, static (o, v) => o.RetryDelay = v),
        OptionRule.Duration<JobsOptions>(
            "MaxRetryDelay", TimeSpan.FromHours(1), TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(30), static o => o.MaxRetryDelay, static (o, v) => o.MaxRetryDelay = v),
        OptionRule.Integer<JobsOptions>("MaxCrashes", 3, 1, 100, static o => o.MaxCrashes, static (o, v) => o.MaxCrashes = v, atStartOnly: true),
        OptionRule.Duration<JobsOptions>(
            "Retention", TimeSpan.FromDays(7), TimeSpan.FromMinutes(1), TimeSpan.FromDays(3650), static o => o.Retention, static (o, v) => o.Retention = v),
        OptionRule.Integer<JobsOptions>("MaxArgumentBytes", 262_144, 1024, 16_777_216, static o => o.MaxArgumentBytes, static (o, v) => o.MaxArgumentBytes = v),
    ];

    /// <summary>Every key with a fixed path.</summary>
    public static IReadOnlyList<OptionRule<AsyncRuntimeHostingOptions>> All { get; } =
    [
        .. AsyncRuntimeOptionsRules.All.Select(static rule => rule.Within<AsyncRuntimeHostingOptions>("", static whole => whole)),
        .. OfOneQueue.Select(static rule => rule.Within<AsyncRuntimeHostingOptions>("Queue:", static whole => whole.Queue)),
        .. OfJobs.Select(static rule => rule.Within<AsyncRuntimeHostingOptions>("Jobs:", static whole => whole.Jobs)),
        OptionRule.List<AsyncRuntimeHostingOptions>(
            "Metrics:Meters", string.Join(", ", DefaultMeters), "names of meters of 1 to 255 characters", static name => name.Length is >= 1 and <= 255,
            static o => o.Metrics.Meters, static (o, v) => o.Metrics.Meters = v),
        OptionRule.Words<AsyncRuntimeHostingOptions>(
            "Endpoints:Url", "http://127.0.0.1:9464", "an address such as http://127.0.0.1:9464, without https and without a path", IsPlainAddress,
            static o => o.Endpoints.Url, static (o, v) => o.Endpoints.Url = v, atStartOnly: true),
    ];

    /// <summary>The parts of the options that somebody set to null.</summary>
    public static IReadOnlyList<string> MissingParts(AsyncRuntimeHostingOptions options) =>
    [
        .. AsyncRuntimeOptionsRules.MissingParts(options),
        .. options.Queue is null ? [nameof(options.Queue)] : Array.Empty<string>(),
        .. options.Jobs is null ? [nameof(options.Jobs)] : Array.Empty<string>(),
        .. options.Metrics is null ? [nameof(options.Metrics)] : Array.Empty<string>(),
        .. options.Endpoints is null ? [nameof(options.Endpoints)] : Array.Empty<string>(),
    ];

    /// <summary>Every setting of valid options with its value, in a fixed order.</summary>
    public static IReadOnlyDictionary<string, Setting> Describe(AsyncRuntimeHostingOptions options)
    {
        var settings = new SortedDictionary<string, Setting>(StringComparer.Ordinal);
        foreach (var rule in All)
        {
            settings[Prefix + rule.Key] = new(rule.Read(options), rule.AtStartOnly);
        }

        foreach (var (name, queue) in options.Queues)
        {
            foreach (var rule in OfOneQueue)
            {
                settings[$"{Prefix}{Queues}:{name}:{rule.Key}"] = new(rule.Read(queue), rule.AtStartOnly);
            }
        }

        return settings;
    }

    private static bool IsPlainAddress(string text)
    {
        // Kestrel's own notation for "every address of this machine".
        var address = text.Replace("//*", "//0.0.0.0", StringComparison.Ordinal).Replace("//+", "//0.0.0.0", StringComparison.Ordinal);
        return Uri.TryCreate(address, UriKind.Absolute, out var uri)
            && uri.Scheme == Uri.UriSchemeHttp
            && uri.PathAndQuery == "/";
    }
}

/// <summary>The value of a setting, as one would write it.</summary>
internal sealed record Setting(string Value, bool AtStartOnly);
