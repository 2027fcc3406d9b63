namespace Runtime.Core.Topology;

/// <summary>A cache and who shares it.</summary>
/// <param name="Level">1 is the nearest.</param>
/// <param name="Type">Data, Instruction or Unified.</param>
/// <param name="Bytes">Its size; 0 where it is not told.</param>
/// <param name="Processors">Who shares it.</param>
internal sealed record CpuCache(int Level, string Type, long Bytes, ProcessorSet Processors);
