namespace Runtime.Benchmarks.Scheduler.Studies;

/// <summary>All studies, in the order of the report.</summary>
internal static class StudyList
{
    public static IReadOnlyList<Study> All { get; } =
    [
        new VariantStudy("workers", "Two workers or four, on this machine's processors", settings => new Dictionary<string, RuntimeSettings>(StringComparer.Ordinal)
        {
            ["workers-2"] = settings with { Workers = 2 },
            ["workers-4"] = settings with { Workers = 4 },
        }),
        new VariantStudy("metrics", "Metrics listened to and read every second, or not", settings => new Dictionary<string, RuntimeSettings>(StringComparer.Ordinal)
        {
            ["not-listened"] = settings with { Metrics = false },
            ["listened"] = settings with { Metrics = true },
        }),
        new WaitStudy(),
        new DepthStudy(),
        new MemoryStudy(),
        new IdleStudy(),
    ];
}
