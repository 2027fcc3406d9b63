using Microsoft.Extensions.DependencyInjection.Extensions;
using Runtime.Hosting;
using Runtime.Hosting.Jobs;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds durable jobs to the asynchronous runtime.</summary>
public static class AsyncRuntimeBuilderJobExtensions
{
    /// <summary>Registers a kind of durable job.</summary>
    /// <typeparam name="TJob">The class; it implements <see cref="IJob{TArgs}"/> once and has a <see cref="JobAttribute"/>.</typeparam>
    /// <param name="builder">What <c>AddAsyncRuntime</c> returned.</param>
    /// <returns>The builder.</returns>
    /// <remarks>This operation is idempotent. What is wrong with the class is said when the host starts. A registration of the class as a service of the application's own is left as it is.</remarks>
    public static IAsyncRuntimeBuilder AddJob<TJob>(this IAsyncRuntimeBuilder builder)
        where TJob : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Register(typeof(TJob));
        return builder;
    }

    /// <summary>Registers every kind of durable job in an assembly: each class, public or not, that implements <see cref="IJob{TArgs}"/> and has a <see cref="JobAttribute"/>.</summary>
    /// <typeparam name="T">Any type of the assembly.</typeparam>
    /// <param name="builder">What <c>AddAsyncRuntime</c> returned.</param>
    /// <returns>The builder.</returns>
    /// <remarks>This operation is idempotent.</remarks>
    public static IAsyncRuntimeBuilder AddJobsFromAssemblyContaining<T>(this IAsyncRuntimeBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);

        // Into a collection of its own, to learn what Scrutor has found.
        var found = new ServiceCollection();
        found.Scan(scan => scan.FromAssemblyOf<T>()
            .AddClasses(classes => classes.WithAttribute<JobAttribute>().Where(JobDescriptors.IsJob), publicOnly: false)
            .AsSelf()
            .WithTransientLifetime());
        foreach (var service in found)
        {
            builder.Register(service.ServiceType);
        }

        return builder;
    }

    /// <summary>Moves all jobs of another store into the one that is used, at each start and before any is run: from SQLite into PostgreSQL, when one machine is no longer enough.</summary>
    /// <param name="builder">What <c>AddAsyncRuntime</c> returned.</param>
    /// <param name="from">Names the other store as one would to use it, e.g. <c>from =&gt; from.UseSqlite("Data Source=jobs.db")</c>. Where there is no such file nothing happens, so the line may stay.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">No store was named.</exception>
    /// <remarks>
    /// Ids, attempts, unique keys, batches, continuations, results, recurring jobs and pauses are kept; what a process died in runs again. A start that is interrupted is repeated by the next one, and no job is
    /// stored twice. The start fails while another process uses the file.
    /// </remarks>
    public static IAsyncRuntimeBuilder ImportJobs(this IAsyncRuntimeBuilder builder, Action<IAsyncRuntimeBuilder> from)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(from);
        var named = new ServiceCollection();
        from(new AsyncRuntimeBuilder(named));
        var store = named.LastOrDefault(static service => service.ServiceType == typeof(IJobStore))?.ImplementationFactory
            ?? throw new ArgumentException($"{nameof(from)} names no store to move jobs from; it must call UseSqlite(…).", nameof(from));
        builder.Services.AddSingleton(new JobImportSource(provider => (IJobStore)store(provider)));
        return builder;
    }

    /// <summary>Has a job stored again and again, by a cron expression.</summary>
    /// <typeparam name="TJob">The kind of job; it is registered as well. Its arguments are what the empty JSON object means to them, so <see cref="NoArguments"/> mostly.</typeparam>
    /// <param name="builder">What <c>AddAsyncRuntime</c> returned.</param>
    /// <param name="name">The name of the recurring job; 1 to 100 of the characters <c>a-z A-Z 0-9 . _ - :</c>.</param>
    /// <param name="cron">When: five fields (minute hour day month weekday), or six to seven as Quartz has them.</param>
    /// <param name="timeZone">Where that is; by default UTC.</param>
    /// <param name="missedRuns">What happens to times that pass while no process runs.</param>
    /// <param name="options">How each run is stored and run.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">The name or the expression cannot be one.</exception>
    /// <remarks>Written to the store at each start. One that is no longer named stays in the store until <see cref="IRecurringJobs.RemoveAsync"/> removes it.</remarks>
    public static IAsyncRuntimeBuilder AddRecurringJob<TJob>(
        this IAsyncRuntimeBuilder builder, string name, string cron, TimeZoneInfo? timeZone = null, MissedRuns missedRuns = MissedRuns.Once, JobOptions? options = null)
        where TJob : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Register(typeof(TJob));
        return builder.AddRecurring(name, cron, timeZone, (recurring, cancellationToken) =>
            recurring.PutAsync(typeof(TJob), name, cron, timeZone, missedRuns, options, cancellationToken));
    }

    /// <summary>Has a job with arguments stored again and again, by a cron expression.</summary>
    /// <typeparam name="TJob">The kind of job; it is registered as well.</typeparam>
    /// <typeparam name="TArgs">Its arguments.</typeparam>
    /// <param name="builder">What <c>AddAsyncRuntime</c> returned.</param>
    /// <param name="name">The name of the recurring job; 1 to 100 of the characters <c>a-z A-Z 0-9 . _ - :</c>.</param>
    /// <param name="cron">When: five fields (minute hour day month weekday), or six to seven as Quartz has them.</param>
    /// <param name="args">The arguments of each run.</param>
    /// <param name="timeZone">Where that is; by default UTC.</param>
    /// <param name="missedRuns">What happens to times that pass while no process runs.</param>
    /// <param name="options">How each run is stored and run.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">The name or the expression cannot be one.</exception>
    public static IAsyncRuntimeBuilder AddRecurringJob<TJob, TArgs>(
        this IAsyncRuntimeBuilder builder, string name, string cron, TArgs args, TimeZoneInfo? timeZone = null, MissedRuns missedRuns = MissedRuns.Once, JobOptions? options = null)
        where TJob : class, IJob<TArgs>
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Register(typeof(TJob));
        return builder.AddRecurring(name, cron, timeZone, (recurring, cancellationToken) =>
            recurring.PutAsync<TJob, TArgs>(name, cron, args, timeZone, missedRuns, options, cancellationToken));
    }

    private static IAsyncRuntimeBuilder AddRecurring(
        this IAsyncRuntimeBuilder builder, string name, string cron, TimeZoneInfo? timeZone, Func<RecurringJobClient, CancellationToken, ValueTask> put)
    {
        if (JobRules.ProblemOfName(name) is { } problem)
        {
            throw new ArgumentException(problem, nameof(name));
        }

        _ = CronSchedule.Parse(cron, timeZone ?? TimeZoneInfo.Utc);
        if (timeZone is not null && RecurringJobClient.ProblemOf(timeZone) is { } unknown)
        {
            throw new ArgumentException(unknown, nameof(timeZone));
        }

        builder.Services.AddSingleton(new RecurringRegistration(name, put));
        return builder;
    }

    private static void Register(this IAsyncRuntimeBuilder builder, Type type)
    {
        builder.Services.TryAddTransient(type);
        builder.Services.AddSingleton(new JobRegistration(type));
    }
}
