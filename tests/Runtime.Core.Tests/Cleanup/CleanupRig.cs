using System.Collections.Concurrent;
using Runtime.Core.Cleanup;
using Runtime.Core.Timing;

namespace Runtime.Core.Tests.Cleanup;

/// <summary>A cleanup queue whose slices and time the test moves.</summary>
internal sealed class CleanupRig : ICleanupHost
{
    private readonly VirtualClock _clock = new();

    public CleanupRig(Action<CleanupOptions>? configure = null)
    {
        var options = new CleanupOptions { SliceBudget = TimeSpan.FromSeconds(1) };
        configure?.Invoke(options);
        Queue = new CleanupQueue(this, options);
    }

    public CleanupQueue Queue { get; }

    public VirtualClock Clock => _clock;

    TimeProvider ICleanupHost.Clock => _clock;

    /// <summary>Gets the slices that have been asked for and not been run.</summary>
    public ConcurrentQueue<WorkItem> Asked { get; } = [];

    public ConcurrentQueue<Exception> Reported { get; } = [];

    /// <summary>Runs one slice, which must have been asked for.</summary>
    public void RunSlice()
    {
        Asked.TryDequeue(out var slice).ShouldBeTrue("no slice has been asked for");
        slice!.Run();
    }

    public int RunAll()
    {
        var slices = 0;
        while (Asked.TryDequeue(out var slice))
        {
            slice.Run();
            slices++;
        }

        return slices;
    }

    void ICleanupHost.Queue(WorkItem slice) => Asked.Enqueue(slice);

    void ICleanupHost.Report(Exception exception) => Reported.Enqueue(exception);
}
