using Runtime.Core.Scheduling;

namespace Runtime.Core.Tests.Scheduling;

/// <summary>Queues of test items, without the stamps.</summary>
internal static class QueueExtensions
{
    public static bool Push(this LocalQueue queue, TestItem item, Injector overflow) => queue.Push(Entry(item), overflow);

    public static TestItem? Pop(this LocalQueue queue) => queue.TryPop(out var entry) ? (TestItem)entry.Item : null;

    public static void Push(this Injector injector, TestItem item) => injector.Push(Entry(item));

    public static TestItem? Pop(this Injector injector) => injector.TryPop(out var entry) ? (TestItem)entry.Item : null;

    public static QueueEntry Entry(TestItem item) => new(item, ReadyStamp.Coarse());
}
