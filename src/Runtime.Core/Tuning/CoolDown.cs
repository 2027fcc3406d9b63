namespace Runtime.Core.Tuning;

/// <summary>What was tried in vain rests, longer each time; a load that has plainly changed ends a rest early. Counts windows. Not thread safe.</summary>
internal sealed class CoolDown
{
    /// <summary>The first rest, in windows.</summary>
    public const int First = 2;

    /// <summary>The longest: at an interval of five seconds, a few minutes.</summary>
    public const int Longest = 64;

    // So much more or less throughput is another load, and for so many windows in a row, lest it be a hiccup.
    private const double Shift = 0.4;
    private const int ShiftedWindows = 2;

    private readonly Dictionary<(TuningKnob Knob, bool Up), Rest> _rests = [];
    private int _now;

    /// <summary>Takes in a window.</summary>
    public void Next(TuningSample window)
    {
        _now++;
        foreach (var rest in _rests.Values)
        {
            rest.Shifted = IsAnother(rest.Load, window) ? rest.Shifted + 1 : 0;

            // Once in a rest and not before a quarter of it, so that a load that comes and goes cannot make the tuner come and go.
            if (rest.Shifted >= ShiftedWindows && _now < rest.Until && _now >= rest.Since + (rest.Length / 4))
            {
                rest.Until = _now;
            }
        }
    }

    /// <summary>Whether a direction of a knob rests.</summary>
    public bool IsResting(TuningKnob knob, bool up) => _rests.TryGetValue((knob, up), out var rest) && _now < rest.Until;

    /// <summary>It was of no use, under this load.</summary>
    public void Failed(TuningKnob knob, bool up, TuningSample load)
    {
        var length = _rests.TryGetValue((knob, up), out var earlier) ? Math.Min(Longest, earlier.Length * 2) : First;
        _rests[(knob, up)] = new(length, _now, load) { Until = _now + length };
    }

    /// <summary>It was of use: the way is open in this direction, and not at once back.</summary>
    public void Succeeded(TuningKnob knob, bool up) => _rests.Remove((knob, up));

    private static bool IsAnother(TuningSample then, TuningSample now) =>
        Math.Abs(now.Throughput - then.Throughput) > Shift * Math.Max(now.Throughput, then.Throughput) || Math.Abs(now.Saturation - then.Saturation) > 0.5;

    private sealed class Rest(int length, int since, TuningSample load)
    {
        public int Length => length;

        public int Since => since;

        public TuningSample Load => load;

        public int Until { get; set; }

        public int Shifted { get; set; }
    }
}
