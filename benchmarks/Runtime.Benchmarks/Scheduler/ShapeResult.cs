using Runtime.Benchmarks.Harness;
using Runtime.Benchmarks.Scheduler.Tokio;

namespace Runtime.Benchmarks.Scheduler;

/// <summary>What was measured of one shape.</summary>
internal sealed record ShapeResult(string Shape, IReadOnlyList<Series> Series, IReadOnlyList<TokioSeries> Tokio);
