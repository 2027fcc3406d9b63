using Runtime.Core.Tuning;

namespace Runtime.Core.Tests.Tuning;

public sealed class SerialWorkTests
{
    [Fact]
    public void Run_FromManyThreads_RunsEveryActionAlone()
    {
        var serial = new SerialWork();
        var (inside, overlaps, ran) = (0, 0, 0);
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                serial.Run(() =>
                {
                    overlaps += Interlocked.Increment(ref inside) > 1 ? 1 : 0;
                    ran++; // no interlock: the point is that none is needed
                    Interlocked.Decrement(ref inside);
                });
            }
        }))];

        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());

        (overlaps, ran).ShouldBe((0, 40_000));
    }

    [Fact]
    public void Run_InsideAnAction_ComesAfterIt()
    {
        var serial = new SerialWork();
        var order = new List<string>();

        serial.Run(() =>
        {
            serial.Run(() => order.Add("second"));
            order.Add("first");
        });

        order.ShouldBe(["first", "second"]);
    }

    [Fact]
    public void Run_AfterAnActionThatThrew_StillRuns()
    {
        var serial = new SerialWork();
        Should.Throw<InvalidOperationException>(() => serial.Run(static () => throw new InvalidOperationException()));
        var ran = false;

        serial.Run(() => ran = true);

        ran.ShouldBeTrue();
    }
}
