namespace Runtime.Hosting.Jobs;

/// <summary>One of the stores that jobs are spread over.</summary>
/// <remarks>Thread safe. Made by <see cref="CellJobStore"/>.</remarks>
public sealed class JobCell
{
    private readonly CellJobStore _owner;
    private volatile bool _isTried;
    private volatile bool _isReachable;
    private volatile bool _isOpen;

    internal JobCell(CellJobStore owner, int number, IJobStore store, bool takesNewJobs) => (_owner, Number, Store, TakesNewJobs) = (owner, number, store, takesNewJobs);

    /// <summary>Gets its number, which the ids of its jobs carry.</summary>
    /// <value>From 0 to 255.</value>
    public int Number { get; }

    /// <summary>Gets the store that its jobs are in. Claims, ends and recurring runs go to it directly.</summary>
    public IJobStore Store { get; }

    /// <summary>Gets whether new jobs go to it. What is in it runs all the same.</summary>
    public bool TakesNewJobs { get; }

    /// <summary>Gets whether <see cref="OpenAsync"/> has succeeded.</summary>
    public bool IsOpen => _isOpen;

    /// <summary>Gets whether the store has been opened.</summary>
    internal bool IsReachable => _isReachable;

    /// <summary>Gets whether it has been tried to open it.</summary>
    internal bool IsTried => _isTried;

    /// <summary>Opens it, and brings its pauses and recurring jobs into line with those of the others. May be called again until it has succeeded.</summary>
    /// <param name="node">The node.</param>
    /// <param name="listener">Told of what happens in this cell.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <returns>A task.</returns>
    /// <exception cref="JobStoreException">The store cannot be used.</exception>
    public async ValueTask OpenAsync(JobNode node, IJobStoreListener listener, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(node);
        _isTried = true;
        if (!_isReachable)
        {
            await Store.OpenAsync(node with { Cell = Number }, listener, cancellationToken);
            _isReachable = true;
        }

        await _owner.AlignAsync(this, cancellationToken);
        _isOpen = true;
    }
}
