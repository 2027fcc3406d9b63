using System.Globalization;

namespace Runtime.Core.Tests.Topology;

/// <summary>A folder laid out as /sys and /proc of a machine, after the kernel's ABI documents. Deleted when it is disposed of.</summary>
internal sealed class MachineTree : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("machine-");

    public string Root => _folder.FullName;

    public MachineTree Write(string path, string text)
    {
        var file = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text + "\n");
        return this;
    }

    /// <summary>One logical processor: its package, its hardware threads, its caches as level, type, size, sharers.</summary>
    public MachineTree Processor(int id, int socket, string siblings, params (int Level, string Type, string Size, string Sharers)[] caches)
    {
        var folder = string.Create(CultureInfo.InvariantCulture, $"sys/devices/system/cpu/cpu{id}");
        Write(folder + "/topology/physical_package_id", string.Create(CultureInfo.InvariantCulture, $"{socket}"));
        Write(folder + "/topology/thread_siblings_list", siblings);
        for (var i = 0; i < caches.Length; i++)
        {
            var cache = string.Create(CultureInfo.InvariantCulture, $"{folder}/cache/index{i}");
            Write(cache + "/level", string.Create(CultureInfo.InvariantCulture, $"{caches[i].Level}"));
            Write(cache + "/type", caches[i].Type).Write(cache + "/size", caches[i].Size).Write(cache + "/shared_cpu_list", caches[i].Sharers);
        }

        return this;
    }

    public MachineTree Online(string list) => Write("sys/devices/system/cpu/online", list).Allowed(list);

    public MachineTree Allowed(string list) => Write("proc/self/status", $"Name:\tdotnet\nCpus_allowed:\tff\nCpus_allowed_list:\t{list}\nMems_allowed_list:\t0");

    public MachineTree Node(int id, string processors, string distances, long kilobytes = 33_554_432)
    {
        var folder = string.Create(CultureInfo.InvariantCulture, $"sys/devices/system/node/node{id}");
        return Write(folder + "/cpulist", processors).Write(folder + "/distance", distances)
            .Write(folder + "/meminfo", string.Create(CultureInfo.InvariantCulture, $"Node {id} MemTotal:       {kilobytes} kB\nNode {id} MemFree:        1024 kB"));
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
