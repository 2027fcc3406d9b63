using System.Buffers;
using Runtime.Core;
using Samples.TextAnalysis;

namespace Samples.WebApi.Documents;

/// <summary>The text of one request in pooled memory, from its arrival to its analysis, which gives every piece back as soon as it has read it.</summary>
public sealed class ReceivedText(TextBudget budget) : IDisposable
{
    private const int SmallestPiece = 4 * 1024;
    private const int LargestPiece = 64 * 1024;

    private const int PiecesInARow = 16;

    private const int Idle = 0;
    private const int InUse = 1;
    private const int Released = 2;

    // Pieces in order, all full but the last. Used by whoever owns the text: the request, then the analysis or Dispose.
    private readonly Queue<byte[]> _pieces = new();

    // Who owns the pieces. Moves only by compare-exchange from Idle, so that Dispose never takes them from under an analysis.
    private int _state;

    /// <summary>Gets the length in bytes.</summary>
    public long Length { get; private set; }

    /// <summary>Reads a body to its end, or until it is too long or the budget is spent.</summary>
    /// <param name="body">The body.</param>
    /// <param name="expected">How long it is, if that is known.</param>
    /// <param name="limit">How long it may be.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>How it went.</returns>
    public async Task<ReadOutcome> ReadAsync(Stream body, long? expected, int limit, CancellationToken cancellationToken)
    {
        var size = (int)Math.Clamp(expected ?? SmallestPiece, 1, LargestPiece);
        while (true)
        {
            var piece = ArrayPool<byte>.Shared.Rent(size);
            if (!budget.TryTake(piece.Length))
            {
                ArrayPool<byte>.Shared.Return(piece);
                return ReadOutcome.NoMemory;
            }

            _pieces.Enqueue(piece);
            var read = await body.ReadAtLeastAsync(piece, piece.Length, throwOnEndOfStream: false, cancellationToken);
            Length += read;
            if (Length > limit)
            {
                return ReadOutcome.TooLong;
            }

            if (read < piece.Length)
            {
                return Length == 0 ? ReadOutcome.Empty : ReadOutcome.Complete;
            }

            size = Math.Min(piece.Length * 2, LargestPiece);
        }
    }

    /// <summary>Analyses the text. Only once: nothing of it is left afterwards.</summary>
    /// <param name="cancellationToken">Ends the analysis between two pieces.</param>
    /// <returns>What was found.</returns>
    public async ValueTask<TextStatistics> AnalyzeAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(Interlocked.CompareExchange(ref _state, InUse, Idle) != Idle, this);
        try
        {
            using var analyzer = new TextAnalyzer();
            var left = Length;
            while (left > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var piece = _pieces.Peek();
                var used = (int)Math.Min(left, piece.Length);
                analyzer.Append(piece.AsSpan(0, used));
                left -= used;
                ReleaseFirst();
                if (_pieces.Count % PiecesInARow == PiecesInARow - 1)
                {
                    // A long text lets what is more urgent go first.
                    await AsyncRuntime.Yield();
                }
            }

            return analyzer.Complete();
        }
        finally
        {
            ReleaseAll();
        }
    }

    /// <summary>Gives the memory back, unless an analysis has it: that gives it back itself.</summary>
    public void Dispose()
    {
        if (Interlocked.CompareExchange(ref _state, Released, Idle) == Idle)
        {
            ReleaseAll();
        }
    }

    private void ReleaseAll()
    {
        while (_pieces.Count > 0)
        {
            ReleaseFirst();
        }
    }

    private void ReleaseFirst()
    {
        var piece = _pieces.Dequeue();
        budget.Return(piece.Length);
        ArrayPool<byte>.Shared.Return(piece);
    }
}

/// <summary>How the reading of a body went.</summary>
public enum ReadOutcome
{
    /// <summary>All of it was read.</summary>
    Complete,

    /// <summary>There was nothing.</summary>
    Empty,

    /// <summary>It is longer than allowed.</summary>
    TooLong,

    /// <summary>The texts that wait already take all the memory they may.</summary>
    NoMemory,
}
