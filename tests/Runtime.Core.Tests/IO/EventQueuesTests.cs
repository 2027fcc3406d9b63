using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Runtime.Core.IO;

namespace Runtime.Core.Tests.IO;

/// <summary>The order within one look. Between looks, and among handlers, priorities see to it.</summary>
public sealed class EventQueuesTests
{
    [Fact]
    public void Serve_ErrorAfterBulkInTheBatch_IsToldFirst()
    {
        var runtime = new AsyncRuntime();
        var table = new RegistrationTable();
        var queues = new EventQueues(table);
        var order = new List<string>();
        IoRegistration Register(IoEvents which, string name)
        {
            var registration = new IoRegistration(runtime.EventLoop, new SafeFileHandle(-1, ownsHandle: false));
            table.Add(registration);
            registration.SlotOf(which).TryWait(new Recorder(order, name), out _, out _).ShouldBe(WaitResult.Waits);
            return registration;
        }

        var bulk = Register(IoEvents.Readable, "bulk");
        var broken = Register(IoEvents.Error, "error");
        queues.Fill(new OneBatch([new(bulk.Token, IoEvents.Readable), new(broken.Token, IoEvents.Error | IoEvents.Readable)]), wait: false).ShouldBeTrue();
        queues.Serve();
        order.ShouldBe(["error", "bulk"]);
        queues.Events.ShouldBe(2);
    }

    private sealed class Recorder(List<string> order, string name) : IReadyWaiter
    {
        public ulong WaitWord { get; set; }

        public void OnReady(IoReadiness readiness) => order.Add(name);

        public void OnClosed() => order.Add("closed");
    }

    private sealed class OneBatch(ReadyEvent[] batch) : Demultiplexer
    {
        public override string Name => "batch";

        public override bool NeedsArm => false;

        public override void Add(SafeHandle handle, ulong token) => throw new NotSupportedException();

        public override void Remove(SafeHandle handle, ulong token) => throw new NotSupportedException();

        public override void Arm(ulong token, IoEvents events) => throw new NotSupportedException();

        public override int Wait(Span<ReadyEvent> events, bool wait)
        {
            batch.CopyTo(events);
            return batch.Length;
        }

        public override void Wake()
        {
            // Nobody waits.
        }

        public override void Dispose()
        {
            // Nothing is held.
        }
    }
}
