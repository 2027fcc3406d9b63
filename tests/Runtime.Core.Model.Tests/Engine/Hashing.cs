namespace Runtime.Core.Model.Tests.Engine;

/// <summary>64-bit mixing; deterministic, unlike <see cref="HashCode"/>.</summary>
internal static class Hashing
{
    public static ulong Mix(ulong a, ulong b)
    {
        var x = (a ^ (b * 0x9E3779B97F4A7C15)) + 0x632BE59BD9B4E019;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }

    public static ulong Mix(ulong a, ulong b, ulong c) => Mix(Mix(a, b), c);
}
