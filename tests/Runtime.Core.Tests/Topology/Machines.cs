using System.Globalization;

namespace Runtime.Core.Tests.Topology;

/// <summary>Machines of known layout.</summary>
internal static class Machines
{
    /// <summary>Four cores with two hardware threads each, numbered 0-3 and 4-7, one L3: a common laptop.</summary>
    public static MachineTree Laptop()
    {
        var tree = new MachineTree().Online("0-7").Node(0, "0-7", "10", 16_777_216);
        for (var id = 0; id < 8; id++)
        {
            var pair = Text($"{id % 4},{(id % 4) + 4}");
            tree.Processor(id, 0, pair, (1, "Data", "48K", pair), (1, "Instruction", "32K", pair), (2, "Unified", "1280K", pair), (3, "Unified", "12288K", "0-7"));
        }

        return tree;
    }

    /// <summary>Two packages of eight cores, SMT, a node and an L3 each; threads numbered socket by socket, then the second threads: Xeon.</summary>
    public static MachineTree TwoSockets()
    {
        var tree = new MachineTree().Online("0-31").Node(0, "0-7,16-23", "10 21").Node(1, "8-15,24-31", "21 10");
        for (var id = 0; id < 32; id++)
        {
            var (pair, socket) = (Text($"{id % 16},{(id % 16) + 16}"), id % 16 / 8);
            tree.Processor(id, socket, pair, (1, "Data", "32K", pair), (2, "Unified", "2048K", pair), (3, "Unified", "30M", socket == 0 ? "0-7,16-23" : "8-15,24-31"));
        }

        return tree;
    }

    /// <summary>Four little and four big cores, an L2 for each, an L3 for all; no SMT, no nodes, package -1: an ARM board.</summary>
    public static MachineTree BigLittle()
    {
        var tree = new MachineTree().Online("0-7");
        for (var id = 0; id < 8; id++)
        {
            var own = Text($"{id}");
            tree.Processor(id, -1, own, (1, "Data", "64K", own), (2, "Unified", "512K", own), (3, "Unified", "2M", "0-7"));
            tree.Write(Text($"sys/devices/system/cpu/cpu{id}/cpu_capacity"), id < 4 ? "446" : "1024");
        }

        return tree;
    }

    /// <summary>One package, 64 cores without SMT, eight to an L3, four nodes of two L3s (NPS4): EPYC.</summary>
    public static MachineTree Epyc()
    {
        var tree = new MachineTree().Online("0-63");
        for (var node = 0; node < 4; node++)
        {
            var distances = string.Join(' ', Enumerable.Range(0, 4).Select(other => other == node ? 10 : 12));
            tree.Node(node, Text($"{node * 16}-{(node * 16) + 15}"), distances);
        }

        for (var id = 0; id < 64; id++)
        {
            var (own, first) = (Text($"{id}"), id / 8 * 8);
            tree.Processor(id, 0, own, (1, "Data", "32K", own), (2, "Unified", "1024K", own), (3, "Unified", "32768K", Text($"{first}-{first + 7}")));
        }

        return tree;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
