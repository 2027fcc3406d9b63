using System.ComponentModel.DataAnnotations;

namespace Samples.WebApi.Documents;

/// <summary>The configuration section <c>Documents</c>: what the application takes in.</summary>
public sealed class DocumentOptions
{
    /// <summary>Gets or sets the greatest length of one text, in bytes.</summary>
    /// <value>Default 10 MB (10,485,760). From 1 to 1 GB.</value>
    [Range(1, 1024 * 1024 * 1024)]
    public int MaxBytes { get; set; } = 10 * 1024 * 1024;

    /// <summary>Gets or sets how much memory all waiting texts may take, in bytes; past it a text is refused like one that finds the queue full.</summary>
    /// <value>Default 256 MB (268,435,456). From 1 MB to 1 TB.</value>
    [Range(1024 * 1024, 1L << 40)]
    public long MaxPendingBytes { get; set; } = 256 * 1024 * 1024;
}
