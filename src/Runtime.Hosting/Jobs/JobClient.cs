using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Runtime.Hosting.Configuration;

namespace Runtime.Hosting.Jobs;

/// <summary>Stores jobs and asks the store for them.</summary>
internal sealed partial class JobClient(IJobStore store, JobRegistry registry, JobWaiters waiters, JobMetrics metrics, LiveOptions options, TimeProvider clock) : IJobClient
{
    // What is kept of a reason; the rest would only fill the store.
    private const int LongestReason = 1000;

    public JsonSerializerOptions Json => options.CurrentValue.Jobs.Json;

    public ValueTask<JobHandle> EnqueueAsync<TJob, TArgs>(TArgs args, JobOptions? jobOptions = null, CancellationToken cancellationToken = default)
        where TJob : IJob<TArgs> => EnqueueOneAsync<TJob, TArgs>(args, null, jobOptions, cancellationToken);

    public ValueTask<JobHandle> EnqueueAsync<TJob, TArgs>(TArgs args, DbTransaction transaction, JobOptions? jobOptions = null, CancellationToken cancellationToken = default)
        where TJob : IJob<TArgs>
    {
        ArgumentNullException.ThrowIfNull(transaction);
        return EnqueueOneAsync<TJob, TArgs>(args, transaction, jobOptions, cancellationToken);
    }

    public async ValueTask<IReadOnlyList<JobHandle>> EnqueueManyAsync<TJob, TArgs>(IEnumerable<TArgs> args, JobOptions? jobOptions = null, CancellationToken cancellationToken = default)
        where TJob : IJob<TArgs>
    {
        ArgumentNullException.ThrowIfNull(args);
        var jobs = args.Select(one => Make<TJob, TArgs>(one, jobOptions)).ToList();
        if (jobs.Count > JobRules.MostJobsAtOnce)
        {
            throw new ArgumentException($"{nameof(args)} holds {jobs.Count} jobs; it must be at most {JobRules.MostJobsAtOnce}. Enqueue them in several calls.", nameof(args));
        }

        if (jobs.Count == 0)
        {
            return [];
        }

        var receipts = await StoreAsync(jobs, null, cancellationToken);
        return receipts.Select((receipt, i) => new JobHandle(this, receipt.Id, jobs[i].Name, receipt.IsDuplicate)).ToList();
    }

    /// <summary>Makes a job of the given kind as it is to be stored; for recurring jobs.</summary>
    public NewJob Make<TJob, TArgs>(TArgs args, JobOptions? jobOptions)
        where TJob : IJob<TArgs>
    {
        var descriptor = registry.Get(typeof(TJob));
        return Make(descriptor, Write(args, descriptor.Name), jobOptions);
    }

    /// <summary>Makes a job of a kind whose arguments mean something as an empty JSON object.</summary>
    /// <exception cref="ArgumentException">They do not.</exception>
    public NewJob MakeWithoutArguments(Type type, JobOptions? jobOptions)
    {
        var descriptor = registry.Get(type);
        try
        {
            descriptor.ReadArguments("{}"u8, Json);
        }
        catch (JsonException exception)
        {
            throw new ArgumentException($"The job '{descriptor.Name}' needs arguments: the empty JSON object does not do. Use the overload that takes them. {exception.Message}", nameof(type), exception);
        }

        return Make(descriptor, "{}"u8.ToArray(), jobOptions);
    }

    private NewJob Make(JobDescriptor descriptor, byte[] arguments, JobOptions? jobOptions)
    {
        var how = jobOptions ?? JobOptions.Default;
        JobRules.Check(how);
        return new NewJob
        {
            Id = store.NewId(clock.GetUtcNow(), how.ShardBy, how.After),
            Name = descriptor.Name,
            Queue = how.Queue ?? descriptor.Queue,
            Arguments = arguments,
            Priority = how.Priority,
            Delay = how.Delay ?? TimeSpan.Zero,
            RunAt = how.RunAt?.ToUniversalTime(),
            Deadline = how.Deadline,
            Timeout = how.Timeout ?? descriptor.Timeout,
            MaxAttempts = how.MaxAttempts > 0 ? how.MaxAttempts : descriptor.MaxAttempts > 0 ? descriptor.MaxAttempts : options.CurrentValue.Jobs.MaxAttempts,
            RetryDelay = how.RetryDelay ?? descriptor.RetryDelay,
            UniqueKey = JobKeys.Within(how.ShardBy, how.UniqueKey),
            Uniqueness = how.Uniqueness,
            UniquePeriod = how.UniquePeriod,
            ConcurrencyKey = JobKeys.Within(how.ShardBy, how.ConcurrencyKey),
            ConcurrencyLimit = how.ConcurrencyLimit,
            RateKey = JobKeys.Within(how.ShardBy, how.RateKey),
            RateLimit = how.RateLimit,
            RatePeriod = how.RatePeriod,
            ShardBy = how.ShardBy,
            Tags = how.Tags,
            TraceParent = Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Id : null,
            After = how.After,
            On = how.On,
        };
    }

    private async ValueTask<JobHandle> EnqueueOneAsync<TJob, TArgs>(TArgs args, DbTransaction? transaction, JobOptions? jobOptions, CancellationToken cancellationToken)
        where TJob : IJob<TArgs>
    {
        var job = Make<TJob, TArgs>(args, jobOptions);
        var receipts = await StoreAsync([job], transaction, cancellationToken);
        return new JobHandle(this, receipts[0].Id, job.Name, receipts[0].IsDuplicate);
    }

    private async ValueTask<IReadOnlyList<JobReceipt>> StoreAsync(IReadOnlyList<NewJob> jobs, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var receipts = await store.EnqueueAsync(jobs, transaction, cancellationToken);
        metrics.Enqueued(jobs, receipts);
        return receipts;
    }

    private byte[] Write<TArgs>(TArgs args, string name)
    {
        if (args is null)
        {
            throw new ArgumentNullException(nameof(args), $"The arguments of the job '{name}' are null; a job takes an object. Use {nameof(NoArguments)} for one that needs none.");
        }

        var settings = options.CurrentValue.Jobs;
        var json = JsonSerializer.SerializeToUtf8Bytes(args, settings.Json);
        return json.Length <= settings.MaxArgumentBytes
            ? json
            : throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"The arguments of the job '{name}' are {json.Length} bytes of JSON; Jobs:MaxArgumentBytes allows {settings.MaxArgumentBytes}. Store the data elsewhere and pass its key."),
                nameof(args));
    }

    private static string? Short(string? reason) => reason is { Length: > LongestReason } ? reason[..LongestReason] : reason;
}
