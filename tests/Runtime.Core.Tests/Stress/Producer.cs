using System.Diagnostics;

namespace Runtime.Core.Tests.Stress;

/// <summary>A thread from outside that submits its parcels over and over, in chunks.</summary>
internal sealed class Producer
{
    private readonly HandOffRun _run;
    private readonly ProducerHabits _habits;
    private readonly Parcel[] _parcels;
    private readonly WorkItem[] _items;
    private readonly long _rounds;

    // The state of the draws. Its thread only.
    private uint _draws;

    public Producer(HandOffRun run, ProducerHabits habits, long handOffs)
    {
        _run = run;
        _habits = habits;
        _rounds = Math.Max(1, handOffs / habits.Window);
        _draws = (uint)run.NextSeed() | 1;
        _parcels = [.. Enumerable.Range(0, habits.Window).Select(_ => run.Account.Add(new Parcel(run.Account, run.Account.NextId, _rounds)))];
        _items = [.. _parcels];
    }

    public void Produce()
    {
        for (var round = 0L; round < _rounds; round++)
        {
            for (var start = 0; start < _parcels.Length;)
            {
                var count = Math.Min(_parcels.Length - start, 1 + Mix.Below(ref _draws, _habits.MostAtOnce));
                if (!WaitUntilRested(start, count))
                {
                    return;
                }

                Submit(start, count);
                if (_habits.Pauses)
                {
                    if (!WaitUntilRested(start, count))
                    {
                        return;
                    }

                    Pause();
                }

                start += count;
            }
        }
    }

    private void Submit(int start, int count)
    {
        foreach (var parcel in _parcels.AsSpan(start, count))
        {
            parcel.Pass();
        }

        switch (Mix.Below(ref _draws, 4))
        {
            case 0:
                _run.Runtime.PostMany(_items.AsSpan(start, count));
                break;
            case 1:
                _run.Runtime.PostMany<Parcel>(static parcel => parcel.Arrive(), _parcels.AsSpan(start, count));
                break;
            case 2:
                foreach (var parcel in _parcels.AsSpan(start, count))
                {
                    _run.Runtime.Post(static parcel => parcel.Arrive(), parcel);
                }

                break;
            default:
                foreach (var parcel in _parcels.AsSpan(start, count))
                {
                    _run.Port.Post(parcel);
                }

                break;
        }
    }

    // Whether they have all arrived; not, when the run is over.
    private bool WaitUntilRested(int start, int count)
    {
        var spinner = default(SpinWait);
        for (var i = start; i < start + count; i++)
        {
            while (_parcels[i].IsWaiting)
            {
                if (_run.Over.IsCancellationRequested)
                {
                    return false;
                }

                spinner.SpinOnce();
            }
        }

        return true;
    }

    // From nothing to well past the time that a worker goes on looking before it parks, so that posts meet it at every point of its parking.
    private void Pause()
    {
        var pause = Mix.Below(ref _draws, 60) * Stopwatch.Frequency / 1_000_000;
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetTimestamp() - began < pause;)
        {
            Thread.SpinWait(10);
        }
    }
}

/// <summary>How a producer goes about it.</summary>
/// <param name="Window">How many parcels it has.</param>
/// <param name="MostAtOnce">How many it submits at once, at most.</param>
/// <param name="Pauses">Whether it waits for each chunk to arrive and then for a moment, so that workers park.</param>
internal sealed record ProducerHabits(int Window, int MostAtOnce, bool Pauses = false);
