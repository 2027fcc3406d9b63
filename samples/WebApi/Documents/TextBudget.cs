using Microsoft.Extensions.Options;

namespace Samples.WebApi.Documents;

/// <summary>The memory that texts may take while they arrive and wait: a queue that is bounded in items alone is not bounded in bytes.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class TextBudget(IOptions<DocumentOptions> options)
{
    // Bytes taken and not given back; only by Interlocked.
    private long _taken;

    /// <summary>Gets how many bytes are taken now.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Takes memory if there is enough left.</summary>
    /// <param name="bytes">How much.</param>
    /// <returns><see langword="false"/> when there is not.</returns>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= options.Value.MaxPendingBytes)
        {
            return true;
        }

        Return(bytes);
        return false;
    }

    /// <summary>Gives back what was taken.</summary>
    /// <param name="bytes">How much.</param>
    public void Return(long bytes) => Interlocked.Add(ref _taken, -bytes);
}
