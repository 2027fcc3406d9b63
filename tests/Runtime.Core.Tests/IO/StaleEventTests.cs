using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Runtime.Core.Tests.IO;

/// <summary>The system keeps telling of a descriptor that was closed while a copy of it is open.</summary>
public sealed partial class StaleEventTests
{
    [Fact]
    public async Task Event_OfAClosedDescriptorWithACopy_IsDroppedAndTheNextOwnerOfItsPlaceSleepsOn()
    {
        await using var runtime = new AsyncRuntime(new AsyncRuntimeOptions { WorkerThreads = 1, MaxWorkerThreads = 1 });
        await runtime.StartAsync();
        using var old = new SocketPair();
        using var next = new SocketPair();
        var copy = new SafeFileHandle(Duplicate((int)old.Near.Handle), ownsHandle: true);
        var registration = runtime.EventLoop.Register(copy);
        copy.Dispose(); // against the rules, and before the registration: so nobody takes the entry out, and the original keeps it alive
        registration.Dispose();
        using var nextRegistration = runtime.EventLoop.Register(next.Near); // in the same place of the table
        var readable = nextRegistration.ReadableAsync().AsTask();
        old.Far.Send([1]);
        await UntilAsync(() => runtime.Snapshot().IO.StaleEvents > 0);
        readable.IsCompleted.ShouldBeFalse("nothing has happened to it");
        next.Far.Send([1]);
        await readable.Guarded();
    }

    // There is no signal for what must have no effect: the counter says that it has been.
    private static Task UntilAsync(Func<bool> condition) => Task.Run(() => SpinWait.SpinUntil(condition, Waiting.HangGuard).ShouldBeTrue()).Guarded();

    [LibraryImport("libc", EntryPoint = "dup")]
    private static partial int Duplicate(int descriptor);
}
