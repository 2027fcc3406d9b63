using System.Runtime.InteropServices;

namespace Runtime.Hosting;

/// <summary>How far a running item says it has come.</summary>
/// <param name="Fraction">From 0 to 1.</param>
/// <param name="Message">What it is doing, for people.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct WorkProgress(double Fraction, string? Message);
