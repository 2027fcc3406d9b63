using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Runtime.Benchmarks.Scheduler.Tokio;

/// <summary>Builds the Rust side in <c>benchmarks/tokio</c> with the machine's cargo.</summary>
internal static partial class CargoProject
{
    // Where Debian's librust-*-dev packages put their sources.
    private const string DebianRegistry = "/usr/share/cargo/registry";

    /// <summary>Builds against Debian's packages, without a network.</summary>
    public static Task<TokioProgram> BuildWithDebianAsync()
    {
        if (!Directory.Exists(DebianRegistry) || Directory.GetDirectories(DebianRegistry, "tokio-1*").Length == 0)
        {
            throw new InvalidOperationException($"There is no Tokio in {DebianRegistry}: apt-get install librust-tokio-dev.");
        }

        return BuildAsync("debian", "--offline", "--config", "source.crates-io.replace-with=\"debian\"", "--config", $"source.debian.directory=\"{DebianRegistry}\"");
    }

    /// <summary>Builds against the newest version in the registry that cargo is configured for.</summary>
    public static Task<TokioProgram> BuildWithRegistryAsync() => BuildAsync("registry");

    private static async Task<TokioProgram> BuildAsync(string name, params string[] arguments)
    {
        // A copy, because the lock file belongs to one source of packages and stands beside the manifest.
        var source = FindProject();
        var copy = Path.Combine(source, "target", name);
        Directory.CreateDirectory(Path.Combine(copy, "src"));
        File.Copy(Path.Combine(source, "Cargo.toml"), Path.Combine(copy, "Cargo.toml"), overwrite: true);
        foreach (var file in Directory.GetFiles(Path.Combine(source, "src")))
        {
            File.Copy(file, Path.Combine(copy, "src", Path.GetFileName(file)), overwrite: true);
        }

        var start = new ProcessStartInfo(FindCargo(), ["build", "--release", .. arguments]) { WorkingDirectory = copy, RedirectStandardError = true, UseShellExecute = false };
        using var process = Process.Start(start)!;
        var log = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"cargo could not build {copy}:\n{log}");
        }

        var version = TokioVersion().Match(await File.ReadAllTextAsync(Path.Combine(copy, "Cargo.lock"))).Groups["version"].Value;
        return new TokioProgram($"tokio-{version}", Path.Combine(copy, "target", "release", "tokio-shapes"));
    }

    private static string FindProject()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var project = Path.Combine(folder.FullName, "benchmarks", "tokio");
            if (File.Exists(Path.Combine(project, "Cargo.toml")))
            {
                return project;
            }
        }

        throw new InvalidOperationException("benchmarks/tokio is not above the program's folder: run it from a checkout.");
    }

    private static string FindCargo()
    {
        // rustup's own folder is often not on the path of a program that was not started by a login shell.
        var rustup = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cargo", "bin", "cargo");
        return Environment.GetEnvironmentVariable("CARGO") ?? (File.Exists(rustup) ? rustup : "cargo");
    }

    [GeneratedRegex("name = \"tokio\"\nversion = \"(?<version>[^\"]+)\"", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex TokioVersion();
}
