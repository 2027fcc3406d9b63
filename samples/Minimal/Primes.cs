namespace Samples.Minimal;

/// <summary>Something to compute that takes a while.</summary>
internal static class Primes
{
    public static int CountBelow(int limit, CancellationToken cancellationToken)
    {
        var count = 0;
        for (var number = 2; number < limit; number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            count += Enumerable.Range(2, (int)Math.Sqrt(number) - 1).All(divisor => number % divisor != 0) ? 1 : 0;
        }

        return count;
    }
}
