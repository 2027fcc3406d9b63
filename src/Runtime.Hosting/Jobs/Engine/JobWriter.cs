namespace Runtime.Hosting.Jobs;

/// <summary>Writes the ends and reports of runs to the store, all that have come together in one call, and again until the store has taken them.</summary>
/// <remarks>
/// Thread safe. The infallible part: what was added is written, or still here when the process ends; in that case the job has not ended as far as the store knows, and runs again.
/// One call is under way at a time, so the next one collects whatever ends meanwhile: the slower the store, the larger the batches.
/// </remarks>
internal sealed class JobWriter(IJobStore store, JobMetrics metrics, StoreTrouble trouble, Action<JobEnding> written, Action<JobEnding> fenced, Action settled, TimeProvider clock)
{
    // More would make one transaction hold up the enqueues behind it.
    private const int MostAtOnce = 1000;

    // Reports of jobs that report without end are written this often.
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private readonly Pulse _pulse = new(clock);
    private List<JobEnding> _endings = [];
    private HashSet<RunningJob> _reports = [];
    private long _reportedAt = clock.GetTimestamp() - clock.TimestampFrequency;
    private bool _isStopping;
    private int _unwritten;

    /// <summary>Gets how many ends have not been written.</summary>
    public int Unwritten => Volatile.Read(ref _unwritten);

    public void Add(JobEnding ending)
    {
        Interlocked.Increment(ref _unwritten);
        lock (_lock)
        {
            _endings.Add(ending);
        }

        _pulse.Set();
    }

    /// <summary>Has the latest report of a run written.</summary>
    public void AddReport(RunningJob run)
    {
        lock (_lock)
        {
            _reports.Add(run);
        }

        _pulse.Set();
    }

    /// <summary>Writes what is there, and ends.</summary>
    public void Stop()
    {
        Volatile.Write(ref _isStopping, true);
        _pulse.Set();
    }

    /// <summary>Writes until it is stopped and everything is written.</summary>
    public async ValueTask RunAsync(CancellationToken giveUp)
    {
        while (true)
        {
            var (endings, reports, rest) = Take();
            if (endings.Count == 0 && reports.Count == 0)
            {
                if (Volatile.Read(ref _isStopping))
                {
                    return;
                }

                await _pulse.WaitAsync(rest);
                continue;
            }

            await WriteAsync(endings, reports, giveUp);
        }
    }

    // What is to be written now, and how long until there is something to write although nobody adds to it.
    private (List<JobEnding> Endings, HashSet<RunningJob> Reports, TimeSpan? Sleep) Take()
    {
        lock (_lock)
        {
            HashSet<RunningJob> reports = [];
            TimeSpan? rest = null;
            if (_reports.Count > 0)
            {
                rest = ReportInterval - clock.GetElapsedTime(_reportedAt);
                if (rest <= TimeSpan.Zero || _isStopping)
                {
                    (reports, _reports, rest) = (_reports, [], null);
                    _reportedAt = clock.GetTimestamp();
                }
            }

            var count = Math.Min(_endings.Count, MostAtOnce);
            var endings = _endings;
            if (count == endings.Count)
            {
                _endings = [];
            }
            else
            {
                endings = _endings.GetRange(0, count);
                _endings.RemoveRange(0, count);
            }

            // What a run said last stands beside its end: how far it came. Afterwards its lease refuses it.
            if (endings.Count > 0 && _reports.Count > 0)
            {
                var ended = endings.Select(static ending => ending.Lease).ToHashSet();
                reports.UnionWith(_reports.Where(run => ended.Contains(run.Claimed.Lease)));
                _reports.ExceptWith(reports);
            }

            return (endings, reports, rest);
        }
    }

    private async ValueTask WriteAsync(List<JobEnding> endings, HashSet<RunningJob> runs, CancellationToken giveUp)
    {
        var reports = runs.Select(static run => (run.Claimed.Lease, Progress: run.TakeProgress())).Where(static report => report.Progress is not null)
            .Select(static report => new JobReport(report.Lease, report.Progress!.Value)).ToList();
        for (var failures = 0; ; failures++)
        {
            try
            {
                if (reports.Count > 0)
                {
                    await store.ReportAsync(reports, CancellationToken.None);
                    reports = [];
                }

                if (endings.Count > 0)
                {
                    Tell(endings, await store.EndAsync(endings, CancellationToken.None));
                }

                trouble.Over();
                return;
            }
            catch (Exception exception)
            {
                metrics.StoreFailed();
                trouble.Report(exception, "write how jobs ended");
                giveUp.ThrowIfCancellationRequested();
                await Task.Delay(StoreTrouble.Backoff(failures), clock, giveUp);
            }
        }
    }

    private void Tell(List<JobEnding> endings, IReadOnlyList<bool> wrote)
    {
        Interlocked.Add(ref _unwritten, -endings.Count);
        for (var i = 0; i < endings.Count; i++)
        {
            (wrote[i] ? written : fenced)(endings[i]);
        }

        settled();
    }
}
