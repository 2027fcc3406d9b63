using Runtime.Core.Tuning;

namespace Runtime.Core.Tests.Tuning;

public sealed class CoolDownTests
{
    private readonly FakeTunable _runtime = new(4);

    [Fact]
    public void ALoadThatHasPlainlyChanged_EndsARestEarly_ButNotBeforeAQuarterOfIt()
    {
        var coolDown = new CoolDown();
        var (load, other) = (Samples.Saturated(_runtime, 1000), Samples.Saturated(_runtime, 3000));
        for (var i = 0; i < 5; i++)
        {
            coolDown.Failed(TuningKnob.WorkerThreads, up: true, load); // rests for 32 windows
        }

        int Wait(TuningSample under)
        {
            var windows = 0;
            for (; coolDown.IsResting(TuningKnob.WorkerThreads, up: true); windows++)
            {
                coolDown.Next(under);
            }

            return windows;
        }

        Wait(other).ShouldBe(8);
        coolDown.Failed(TuningKnob.WorkerThreads, up: true, load);
        Wait(load).ShouldBe(64);
        coolDown.IsResting(TuningKnob.WorkerThreads, up: false).ShouldBeFalse();
    }
}
