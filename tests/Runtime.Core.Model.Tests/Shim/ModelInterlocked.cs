using System.Runtime.CompilerServices;
using Runtime.Core.Model.Tests.Engine;

namespace Runtime.Core.Concurrency;

/// <summary>Stands in for System.Threading.Interlocked where the product uses it on memory that does not move.</summary>
[ModelType]
internal static class ModelInterlocked
{
    public static int Exchange(ref int place, int value) => WordAt(ref place).Replace(_ => (true, value), "exchange");

    public static int Decrement(ref int place) => WordAt(ref place).Replace(static old => (true, old - 1), "decrement") - 1;

    public static int Add(ref int place, int amount) => WordAt(ref place).Replace(old => (true, old + amount), "add") + amount;

    public static int Or(ref int place, int bits) => WordAt(ref place).Replace(old => (true, old | bits), "or");

    public static int CompareExchange(ref int place, int value, int expected) =>
        WordAt(ref place).Replace(old => (old == expected, value), "compare-exchange");

    public static T? CompareExchange<T>(ref T? place, T? value, T? expected)
        where T : class =>
        WordAt(ref place).Replace(old => (ReferenceEquals(old, expected), value), "compare-exchange");

    public static PinnedWord<T> WordAt<T>(ref T place) => Execution.Current.WordAt<T>(Execution.AddressOf(ref place));
}

/// <summary>
/// Stands in for System.Threading.Volatile: an operation of the model in files whose words do not move; in the others, which use it for
/// nothing but figures, a plain one.
/// </summary>
[ModelType]
internal static class ModelVolatile
{
    public static T Read<T>(ref readonly T place, [CallerFilePath] string file = "") =>
        IsModelled(file) ? ModelInterlocked.WordAt(ref Unsafe.AsRef(in place)).Load() : place;

    public static void Write<T>(ref T place, T value) => place = value;

    private static bool IsModelled(string file) =>
        file.EndsWith("FutexParker.cs", StringComparison.Ordinal) || file.EndsWith("CallbackGate.cs", StringComparison.Ordinal);
}
