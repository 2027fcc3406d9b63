namespace Runtime.Hosting;

/// <summary>The id of every log event. A number is never given another meaning; <c>docs/observability.md</c> lists them, and a test compares.</summary>
internal static class EventIds
{
    // 100: lifetime and configuration
    public const int RuntimeStarted = 101;
    public const int RuntimeStopped = 102;
    public const int WorkAbandoned = 103;
    public const int ShutdownBudgetTooSmall = 104;
    public const int ConfigurationReloaded = 105;
    public const int ConfigurationRejected = 106;
    public const int RestartNeeded = 107;
    public const int UnknownKey = 108;
    // 109 was that of a key that has no effect yet.
    public const int ConfigurationRepaired = 110;
    public const int ConfigurationListenerFailed = 111;

    // 200: scheduling
    public const int UnhandledException = 201;
    public const int IsolationRefused = 202;
    public const int WorkerBlocked = 203;
    public const int PlacementChosen = 204;
    public const int PlacementRefused = 205;

    // 400: I/O
    public const int PollerChosen = 401;

    // 600: tuning
    public const int TunerDecision = 601;
    public const int TunerStrategyFailed = 602;
    public const int TunerUndoFailed = 603;

    // 700: queues
    public const int WorkFailed = 700;
    public const int WorkCancelled = 701;
    public const int WorkDropped = 702;
    public const int CancellationCallbackFailed = 703;
    public const int QueueStopped = 704;
    public const int QueueAbandoned = 705;

    // 800: jobs
    public const int JobsOpened = 801;
    public const int JobsForget = 802;
    public const int JobRetried = 803;
    public const int JobFailed = 804;
    public const int JobParked = 805;
    public const int JobEnded = 806;
    public const int JobFenced = 807;
    public const int JobsCut = 808;
    public const int ScheduleUnreadable = 809;
    public const int JobsImported = 810;
    public const int ScheduleNeverDue = 811;
    public const int NothingToImport = 812;
    public const int JobStoreLeft = 813;

    // 900: stores
    public const int StoreFailed = 901;
    public const int StoreAnswers = 902;

    // 1000: health and endpoints
    public const int EndpointsListening = 1001;
}
