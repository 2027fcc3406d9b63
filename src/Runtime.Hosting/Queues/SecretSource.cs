using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Runtime.Hosting.Queues;

/// <summary>Hands out 64-bit secrets from a buffer of cryptographic randomness.</summary>
/// <remarks>Thread safe. One call of the generator fills the buffer for 128 secrets: a call for each would cost more than the rest of an id.</remarks>
internal sealed class SecretSource
{
    private readonly Lock _lock = new();

    // Randomness not handed out yet, from _used on. Both under the lock.
    private readonly byte[] _buffer = new byte[128 * sizeof(ulong)];
    private int _used;

    public SecretSource() => _used = _buffer.Length;

    /// <summary>Returns the next secret; never 0, which stands for "none yet".</summary>
    public ulong Next()
    {
        lock (_lock)
        {
            while (true)
            {
                if (_used == _buffer.Length)
                {
                    RandomNumberGenerator.Fill(_buffer);
                    _used = 0;
                }

                var span = _buffer.AsSpan(_used, sizeof(ulong));
                var secret = BinaryPrimitives.ReadUInt64LittleEndian(span);
                span.Clear(); // what has been handed out is not left in memory
                _used += sizeof(ulong);
                if (secret != 0)
                {
                    return secret;
                }
            }
        }
    }
}
