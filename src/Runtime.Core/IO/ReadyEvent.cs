using System.Runtime.InteropServices;

namespace Runtime.Core.IO;

/// <summary>What a demultiplexer tells: something happened to what is registered under a token.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ReadyEvent(ulong Token, IoEvents Events);
