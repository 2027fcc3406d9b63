namespace Runtime.Core.IO;

/// <summary>Finds a registration by its token. Anyone may add and remove; the one that polls looks up without a lock.</summary>
/// <remarks>
/// A token is a place in the table and, above it, a number that no other registration has had there. So what is told of one that is gone, by a system that has
/// not forgotten it yet or in a batch that was collected before, never reaches the one that has its place, or its descriptor, now.
/// </remarks>
internal sealed class RegistrationTable
{
    private readonly Lock _lock = new();

    // Places without a registration; under the lock.
    private readonly Stack<int> _free = new();

    // Replaced whole when it grows; places are written under the lock.
    private volatile IoRegistration?[] _places = new IoRegistration?[16];

    // How many places have ever been used, and the number of the newest registration; under the lock.
    private int _used;
    private uint _number;

    // How many there are.
    private volatile int _count;

    public int Count => _count;

    /// <summary>Gives a registration its place.</summary>
    public ulong Add(IoRegistration registration)
    {
        lock (_lock)
        {
            if (!_free.TryPop(out var place))
            {
                place = _used++;
                if (place == _places.Length)
                {
                    var longer = new IoRegistration?[_places.Length * 2];
                    _places.CopyTo(longer, 0);
                    _places = longer;
                }
            }

            _number++;
            registration.Token = ((ulong)_number << 32) | (uint)place;
            Volatile.Write(ref _places[place], registration);
            _count++;
            return registration.Token;
        }
    }

    /// <summary>Takes it away.</summary>
    public void Remove(ulong token)
    {
        lock (_lock)
        {
            var place = (int)(uint)token;
            _places[place] = null;
            _free.Push(place);
            _count--;
        }
    }

    /// <summary>The registration with this token, if it is still there.</summary>
    public IoRegistration? Find(ulong token)
    {
        var places = _places;
        var place = (uint)token;
        return place < (uint)places.Length && Volatile.Read(ref places[place]) is { } found && found.Token == token ? found : null;
    }

    /// <summary>All of them, at one moment.</summary>
    public IoRegistration[] ToArray()
    {
        lock (_lock)
        {
            return [.. _places.OfType<IoRegistration>()];
        }
    }
}
