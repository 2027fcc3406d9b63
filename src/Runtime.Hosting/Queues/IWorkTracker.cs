using System.Diagnostics.CodeAnalysis;

namespace Runtime.Hosting;

/// <summary>Finds work items by id: every live one, and of the finished ones the latest, as many as each queue's <see cref="BackgroundQueueOptions.HistorySize"/>.</summary>
/// <remarks>Thread safe.</remarks>
public interface IWorkTracker
{
    /// <summary>Finds an item.</summary>
    /// <param name="id">The value of its <see cref="WorkHandle.Id"/>.</param>
    /// <param name="handle">Its handle.</param>
    /// <returns><see langword="false"/> when no such item was ever accepted, or it ended too long ago.</returns>
    bool TryGet(Guid id, [NotNullWhen(true)] out WorkHandle? handle);

    /// <summary>Finds an item by the text form of its id.</summary>
    /// <param name="id">The text; any form that <see cref="Guid.TryParse(string?, out Guid)"/> reads.</param>
    /// <param name="handle">Its handle.</param>
    /// <returns><see langword="false"/> when the text is not an id, or as in the other overload.</returns>
    bool TryGet(string? id, [NotNullWhen(true)] out WorkHandle? handle);
}
