namespace Runtime.Core.Tests.Stress;

/// <summary>Two threads that go through the races of a batch, one close behind the other, and then wait until all have settled.</summary>
internal sealed class CancelRaceRunner(CancelRace race, AsyncRuntime runtime, long races, int seed)
{
    // The races that the first thread has begun in this batch. Written by it, read by the second.
    private int _begun;

    // Why the first thread gave up; ends the second.
    private readonly CancellationTokenSource _failed = new();

    public async Task RunAsync()
    {
        using var meeting = new Barrier(2);
        using (_failed)
        {
            await Task.WhenAll(OnThread(() => BeginAll(meeting)), OnThread(() => InterfereWithAll(meeting)));
        }
    }

    private void BeginAll(Barrier meeting)
    {
        var draws = (uint)seed | 1;
        try
        {
            for (var done = 0L; done < races; done += CancelRace.BatchSize)
            {
                for (var i = 0; i < CancelRace.BatchSize; i++)
                {
                    race.Begin(i, ref draws);
                    Volatile.Write(ref _begun, i + 1);
                }

                Meet(meeting);
                for (var i = 0; i < CancelRace.BatchSize; i++)
                {
                    AwaitSettled(i);
                    Count(race.Judge(i));
                }

                _begun = 0;
                Meet(meeting);
            }
        }
        catch
        {
            _failed.Cancel();
            throw;
        }
    }

    private void InterfereWithAll(Barrier meeting)
    {
        var draws = ((uint)seed * 31) | 1;
        for (var done = 0L; done < races; done += CancelRace.BatchSize)
        {
            var lag = race.DrawLag(ref draws);
            for (var i = 0; i < CancelRace.BatchSize; i++)
            {
                var spinner = default(SpinWait);
                while (Volatile.Read(ref _begun) <= Math.Min(i + lag, CancelRace.BatchSize - 1))
                {
                    _failed.Token.ThrowIfCancellationRequested();
                    spinner.SpinOnce(sleep1Threshold: -1); // a sleep would be longer than the race
                }

                if (Mix.Below(ref draws, 4) == 0)
                {
                    Thread.SpinWait(Mix.Below(ref draws, 200)); // up to some microseconds: about as long as a start takes
                }

                race.Interfere(i, ref draws);
            }

            Meet(meeting);
            Meet(meeting);
        }
    }

    // The other one has at most a batch to do, and either fails by itself.
    private void Meet(Barrier meeting) =>
        meeting.SignalAndWait(2 * Waiting.HangGuard, _failed.Token).ShouldBeTrue($"The other thread does not come; seed {seed}.");

    private void AwaitSettled(int index)
    {
        if (!race.IsSettled(index) && !SpinWait.SpinUntil(() => race.IsSettled(index), Waiting.HangGuard))
        {
            throw new StallException($"Never ends: {race.Describe(index)}; seed {seed}.\n{StateDump.Of(runtime.Snapshot())}");
        }
    }

    private void Count(string outcome) => race.Outcomes[outcome] = race.Outcomes.GetValueOrDefault(outcome) + 1;

    private static Task OnThread(Action body) =>
        Task.Factory.StartNew(body, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
