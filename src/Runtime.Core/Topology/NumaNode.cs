namespace Runtime.Core.Topology;

/// <summary>A part of the machine's memory and the processors that are near it.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Processors">May be empty: memory without processors of its own, such as CXL.</param>
/// <param name="Bytes">How much memory; 0 where it is not told.</param>
/// <param name="Distances">To each node, in the order of their numbers: 10 is local (ACPI SLIT). Empty where it is not told.</param>
internal sealed record NumaNode(int Id, ProcessorSet Processors, long Bytes, IReadOnlyList<int> Distances);
