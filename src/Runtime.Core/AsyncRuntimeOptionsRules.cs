using Runtime.Core.IO;
using Runtime.Core.Memory;

namespace Runtime.Core;

/// <summary>The rules of <see cref="AsyncRuntimeOptions"/>: each range once, and what must hold between settings.</summary>
internal static class AsyncRuntimeOptionsRules
{
    private const string Prefix = nameof(AsyncRuntimeOptions) + ":";

    /// <summary>The names that <c>Tuner:Strategies</c> may hold.</summary>
    public static IReadOnlyList<string> Strategies { get; } = ["ThreadCount", "HillClimbing", "QueueSize", "WorkStealing", "CleanupThreshold", "Isolation", "Energy"];

    /// <summary>The rule of every setting, in the order of the documentation.</summary>
    public static IReadOnlyList<OptionRule<AsyncRuntimeOptions>> All { get; } =
    [
        OptionRule.Integer<AsyncRuntimeOptions>("WorkerThreads", 0, 0, 1024, static o => o.WorkerThreads, static (o, v) => o.WorkerThreads = v),
        OptionRule.Integer<AsyncRuntimeOptions>("MinWorkerThreads", 1, 1, 1024, static o => o.MinWorkerThreads, static (o, v) => o.MinWorkerThreads = v),
        OptionRule.Integer<AsyncRuntimeOptions>("MaxWorkerThreads", 0, 0, 1024, static o => o.MaxWorkerThreads, static (o, v) => o.MaxWorkerThreads = v),
        OptionRule.Integer<AsyncRuntimeOptions>("MaxReserveThreads", 256, 0, 4096, static o => o.MaxReserveThreads, static (o, v) => o.MaxReserveThreads = v),
        OptionRule.Words<AsyncRuntimeOptions>(
            "ThreadNamePrefix", "runtime-worker", "1 to 64 characters", static text => text.Length is >= 1 and <= 64,
            static o => o.ThreadNamePrefix, static (o, v) => o.ThreadNamePrefix = v),
        OptionRule.Integer<AsyncRuntimeOptions>(
            "ThreadStackSize", 0, 131_072, 1_073_741_824, static o => o.ThreadStackSize, static (o, v) => o.ThreadStackSize = v, orZero: true),
        OptionRule.Switch<AsyncRuntimeOptions>("EnableWorkStealing", true, static o => o.EnableWorkStealing, static (o, v) => o.EnableWorkStealing = v),
        OptionRule.Switch<AsyncRuntimeOptions>(
            "EnablePriorityScheduling", true, static o => o.EnablePriorityScheduling, static (o, v) => o.EnablePriorityScheduling = v),
        OptionRule.Integer<AsyncRuntimeOptions>("MaxStealAttempts", 3, 1, 100, static o => o.MaxStealAttempts, static (o, v) => o.MaxStealAttempts = v),
        OptionRule.Duration<AsyncRuntimeOptions>(
            "StealBackoff", TimeSpan.FromMilliseconds(1), TimeSpan.Zero, TimeSpan.FromSeconds(1), static o => o.StealBackoff, static (o, v) => o.StealBackoff = v),
        OptionRule.Duration<AsyncRuntimeOptions>(
            "StarvationThreshold", TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1),
            static o => o.StarvationThreshold, static (o, v) => o.StarvationThreshold = v),
        OptionRule.Choice<AsyncRuntimeOptions, WorkerIsolation>(
            "Isolation", WorkerIsolation.BelowNormal, static o => o.Isolation, static (o, v) => o.Isolation = v),
        OptionRule.Fraction<AsyncRuntimeOptions>("MaxCpuShare", 0, static o => o.MaxCpuShare, static (o, v) => o.MaxCpuShare = v),
        OptionRule.Duration<AsyncRuntimeOptions>(
            "Timers:Resolution", TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1),
            static o => o.Timers.Resolution, static (o, v) => o.Timers.Resolution = v, atStartOnly: true),
        OptionRule.Duration<AsyncRuntimeOptions>(
            "Timers:Slack", TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromMinutes(1), static o => o.Timers.Slack, static (o, v) => o.Timers.Slack = v),
        OptionRule.Choice<AsyncRuntimeOptions, IoPoller>("IO:Poller", IoPoller.Auto, static o => o.IO.Poller, static (o, v) => o.IO.Poller = v, atStartOnly: true),
        OptionRule.Integer<AsyncRuntimeOptions>(
            "Memory:MaxRetainedBytes", 64 << 20, 0, BufferPoolOptions.MostBytes, static o => o.Memory.MaxRetainedBytes, static (o, v) => o.Memory.MaxRetainedBytes = v),
        OptionRule.Integer<AsyncRuntimeOptions>(
            "Memory:MaxBytes", 0, BufferPoolOptions.LeastBound, BufferPoolOptions.MostBytes, static o => o.Memory.MaxBytes, static (o, v) => o.Memory.MaxBytes = v, orZero: true),
        OptionRule.Choice<AsyncRuntimeOptions, BufferExhaustion>(
            "Memory:WhenExhausted", BufferExhaustion.Allocate, static o => o.Memory.WhenExhausted, static (o, v) => o.Memory.WhenExhausted = v),
        OptionRule.Switch<AsyncRuntimeOptions>("Memory:ClearOnReturn", false, static o => o.Memory.ClearOnReturn, static (o, v) => o.Memory.ClearOnReturn = v),
        OptionRule.Switch<AsyncRuntimeOptions>(
            "Memory:DetectMisuse", false, static o => o.Memory.DetectMisuse, static (o, v) => o.Memory.DetectMisuse = v, atStartOnly: true),
        OptionRule.Integer<AsyncRuntimeOptions>("Cleanup:Threshold", 1_000, 1, 1_000_000, static o => o.Cleanup.Threshold, static (o, v) => o.Cleanup.Threshold = v),
        OptionRule.Duration<AsyncRuntimeOptions>(
            "Cleanup:Interval", TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1), static o => o.Cleanup.Interval, static (o, v) => o.Cleanup.Interval = v),
        OptionRule.Integer<AsyncRuntimeOptions>("Cleanup:BatchSize", 100, 1, 100_000, static o => o.Cleanup.BatchSize, static (o, v) => o.Cleanup.BatchSize = v),
        OptionRule.Duration<AsyncRuntimeOptions>(
            "Cleanup:SliceBudget", TimeSpan.FromMilliseconds(1), TimeSpan.FromMicroseconds(10), TimeSpan.FromSeconds(1), static o => o.Cleanup.SliceBudget, static (o, v) => o.Cleanup.SliceBudget = v),
        OptionRule.Integer<AsyncRuntimeOptions>("Cleanup:Capacity", 100_000, 1, 100_000_000, static o => o.Cleanup.Capacity, static (o, v) => o.Cleanup.Capacity = v),
        OptionRule.Integer<AsyncRuntimeOptions>("Cleanup:MaxConcurrency", 16, 1, 10_000, static o => o.Cleanup.MaxConcurrency, static (o, v) => o.Cleanup.MaxConcurrency = v),
        OptionRule.Switch<AsyncRuntimeOptions>("Topology:PinThreads", false, static o => o.Topology.PinThreads, static (o, v) => o.Topology.PinThreads = v),
        OptionRule.Switch<AsyncRuntimeOptions>("Topology:NumaAware", false, static o => o.Topology.NumaAware, static (o, v) => o.Topology.NumaAware = v),
        OptionRule.Switch<AsyncRuntimeOptions>("Tuner:Enabled", true, static o => o.Tuner.Enabled, static (o, v) => o.Tuner.Enabled = v),
        OptionRule.Duration<AsyncRuntimeOptions>(
            "Tuner:Interval", TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1),
            static o => o.Tuner.Interval, static (o, v) => o.Tuner.Interval = v),
        OptionRule.Switch<AsyncRuntimeOptions>("Tuner:Frozen", false, static o => o.Tuner.Frozen, static (o, v) => o.Tuner.Frozen = v),
        OptionRule.List<AsyncRuntimeOptions>(
            "Tuner:Strategies", "all of them", "names out of " + string.Join(", ", Strategies), static name => Strategies.Contains(name, StringComparer.OrdinalIgnoreCase),
            static o => o.Tuner.Strategies, static (o, v) => o.Tuner.Strategies = v),
        OptionRule.Duration<AsyncRuntimeOptions>(
            "Tuner:MaxTimerSlack", TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromSeconds(1), static o => o.Tuner.MaxTimerSlack, static (o, v) => o.Tuner.MaxTimerSlack = v),
        OptionRule.Duration<AsyncRuntimeOptions>(
            "Shutdown:DrainTimeout", TimeSpan.FromSeconds(25), TimeSpan.Zero, TimeSpan.FromDays(1),
            static o => o.Shutdown.DrainTimeout, static (o, v) => o.Shutdown.DrainTimeout = v),
        OptionRule.Duration<AsyncRuntimeOptions>(
            "Shutdown:CancelTimeout", TimeSpan.FromSeconds(3), TimeSpan.Zero, TimeSpan.FromDays(1),
            static o => o.Shutdown.CancelTimeout, static (o, v) => o.Shutdown.CancelTimeout = v),
    ];

    /// <summary>Refuses options that break a rule, with every broken rule in the message.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    /// <exception cref="ArgumentException">Values contradict each other.</exception>
    public static void ThrowIfInvalid(AsyncRuntimeOptions options)
    {
        var errors = new List<string>();
        var inRange = CheckRanges(options, All, MissingParts(options), Prefix, errors);
        CheckTogether(options, Prefix, errors);
        if (!inRange)
        {
            throw new ArgumentOutOfRangeException(nameof(options), string.Join(Environment.NewLine, errors));
        }

        if (errors.Count > 0)
        {
            throw new ArgumentException(string.Join(Environment.NewLine, errors), nameof(options));
        }
    }

    /// <summary>Holds every setting against its range.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="rules">Their rules.</param>
    /// <param name="missing">The parts of the options that are null; their rules are left out.</param>
    /// <param name="prefix">What a message puts before a key, e.g. <c>AsyncRuntime:</c>.</param>
    /// <param name="errors">Receives a message for each broken rule.</param>
    /// <returns>Whether all hold.</returns>
    public static bool CheckRanges<TOptions>(
        TOptions options, IEnumerable<OptionRule<TOptions>> rules, IReadOnlyList<string> missing, string prefix, List<string> errors)
    {
        var before = errors.Count;
        errors.AddRange(missing.Select(part => $"{prefix}{part} is null; it must be an object. Leave it as it is for the defaults."));
        foreach (var rule in rules)
        {
            if (!missing.Any(part => rule.Key.StartsWith(part + ":", StringComparison.Ordinal)) && !rule.IsValid(options))
            {
                errors.Add(rule.ExplainRange(prefix, options));
            }
        }

        return errors.Count == before;
    }

    /// <summary>The parts of the options that somebody set to null.</summary>
    public static IReadOnlyList<string> MissingParts(AsyncRuntimeOptions options)
    {
        var missing = new List<string>();
        AddIfNull(options.Timers, nameof(options.Timers));
        AddIfNull(options.IO, nameof(options.IO));
        AddIfNull(options.Memory, nameof(options.Memory));
        AddIfNull(options.Cleanup, nameof(options.Cleanup));
        AddIfNull(options.Topology, nameof(options.Topology));
        AddIfNull(options.Tuner, nameof(options.Tuner));
        AddIfNull(options.Shutdown, nameof(options.Shutdown));
        return missing;

        void AddIfNull(object? part, string name)
        {
            if (part is null)
            {
                missing.Add(name);
            }
        }
    }

    /// <summary>Holds the settings against each other. A rule is silent while one of its own parts is out of range: that is said already.</summary>
    public static void CheckTogether(AsyncRuntimeOptions options, string prefix, List<string> errors)
    {
        var (workers, least, greatest) = (options.WorkerThreads, options.MinWorkerThreads, options.MaxWorkerThreads);
        if (workers is < 0 or > 1024 || least is < 1 or > 1024 || greatest is < 0 or > 1024)
        {
            return;
        }

        if (greatest != 0 && least > greatest)
        {
            errors.Add($"{prefix}{nameof(options.MinWorkerThreads)} is {least}; it must not be above {nameof(options.MaxWorkerThreads)}, which is {greatest}. "
                + $"Lower {nameof(options.MinWorkerThreads)} or raise {nameof(options.MaxWorkerThreads)}.");
            return;
        }

        if (workers != 0 && workers < least)
        {
            errors.Add($"{prefix}{nameof(options.WorkerThreads)} is {workers}; it must not be below {nameof(options.MinWorkerThreads)}, which is {least}. "
                + $"Raise {nameof(options.WorkerThreads)}, lower {nameof(options.MinWorkerThreads)}, or set {nameof(options.WorkerThreads)} to 0 for automatic.");
        }
        else if (workers != 0 && greatest != 0 && workers > greatest)
        {
            errors.Add($"{prefix}{nameof(options.WorkerThreads)} is {workers}; it must not be above {nameof(options.MaxWorkerThreads)}, which is {greatest}. "
                + $"Lower {nameof(options.WorkerThreads)}, raise {nameof(options.MaxWorkerThreads)}, or set {nameof(options.WorkerThreads)} to 0 for automatic.");
        }
    }
}
