namespace Runtime.Core.IO;

/// <summary>The direction of a transfer.</summary>
internal enum TransferKind
{
    /// <summary>Ends with the first bytes, or with none at the end of what is sent.</summary>
    Receive,

    /// <summary>Ends when all of it has been handed to the system.</summary>
    Send,
}
