namespace Runtime.Core.Model.Tests.Engine;

/// <summary>Takes a thread out of an execution that has ended.</summary>
#pragma warning disable CA1032, CA1064, MA0015, RCS1194 // never leaves the engine
internal sealed class UnwindException : Exception;
#pragma warning restore CA1032, CA1064, MA0015, RCS1194
