using System.Globalization;
using Runtime.Benchmarks.Harness;
using Runtime.Core;

namespace Runtime.Benchmarks.Timers;

/// <summary>One way of using timers.</summary>
/// <param name="Name">The shape and its size.</param>
/// <param name="Operations">Timers in a round.</param>
/// <param name="Repeats">Rounds in a measurement.</param>
/// <param name="Make">Makes a contender: with the kit, on the workers of the runtime or, without one, on the ThreadPool.</param>
internal sealed record TimerShape(string Name, int Operations, int Repeats, Func<TimerKit, AsyncRuntime?, Contender> Make);

/// <summary>The shapes.</summary>
internal static class TimerShapes
{
    private const int Many = 100_000;

    public static IEnumerable<TimerShape> All(AsyncRuntime runtime, int most)
    {
        yield return new TimerShape("timeout", Many, 5, static (kit, home) => new TimeoutContender(kit, home));
        yield return new TimerShape("timeout_outside", Many, 5, static (kit, _) => new TimeoutContender(kit, null));
        foreach (var count in new[] { Many, 1_000_000 })
        {
            yield return new TimerShape("arm_cancel_" + Text(count), count, 1, static (kit, home) => new ArmCancelContender(kit, home));
        }

        yield return new TimerShape("arm_cancel_outside_" + Text(Many), Many, 1, static (kit, _) => new ArmCancelContender(kit, null));
        yield return new TimerShape("delay_cancel_" + Text(Many), Many, 1, (kit, home) => home is null ? new TaskDelayContender(kit) : new DelayContender(runtime, kit, home));
        yield return new TimerShape("sleepers_10000", 200_000, 1, static (kit, home) => new SleepersContender(kit, home, 10_000));
        for (var live = 1_000; live <= most; live *= 10)
        {
            var timers = live;
            yield return new TimerShape("rearm_live_" + Text(live), Many, 5, (kit, home) => new RearmContender(kit, home, timers));
        }

        yield return new TimerShape("fire_at_once_" + Text(Many), Many, 1, static (kit, _) => new FireContender(kit, TimeSpan.Zero));
        yield return new TimerShape("fire_in_100ms_" + Text(Many), Many, 1, static (kit, _) => new FireContender(kit, TimeSpan.FromMilliseconds(100)));
    }

    private static string Text(int count) => count.ToString(CultureInfo.InvariantCulture);
}
