namespace Runtime.Core.Tests.Stress;

/// <summary>Nothing has moved for too long.</summary>
internal sealed class StallException(string message) : Exception(message);
