namespace Runtime.Core.Model.Tests.Engine;

/// <summary>Of each location, the oldest write in its history that may still be read. Used by the weak memory.</summary>
internal sealed class View
{
    private int[] _oldest = [];

    public int this[Location location] => location.Slot < _oldest.Length ? _oldest[location.Slot] : 0;

    public void Raise(Location location, int index)
    {
        if (location.Slot >= _oldest.Length)
        {
            Array.Resize(ref _oldest, Math.Max(16, 2 * (location.Slot + 1)));
        }

        _oldest[location.Slot] = Math.Max(_oldest[location.Slot], index);
    }

    public void Join(View? other)
    {
        if (other is null)
        {
            return;
        }

        if (other._oldest.Length > _oldest.Length)
        {
            Array.Resize(ref _oldest, other._oldest.Length);
        }

        for (var i = 0; i < other._oldest.Length; i++)
        {
            _oldest[i] = Math.Max(_oldest[i], other._oldest[i]);
        }
    }

    public View Copy() => new() { _oldest = (int[])_oldest.Clone() };
}
