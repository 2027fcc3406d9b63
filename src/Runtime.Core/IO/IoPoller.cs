namespace Runtime.Core.IO;

/// <summary>What an <see cref="EventLoop"/> waits with.</summary>
public enum IoPoller
{
    /// <summary>Epoll where the system has it and lets the process use it, else poll.</summary>
    Auto,

    /// <summary>Linux's epoll, or an error: its cost does not grow with what is registered.</summary>
    Epoll,

    /// <summary>poll(2), which every Unix has: its cost grows with the number of waits.</summary>
    Poll,
}
