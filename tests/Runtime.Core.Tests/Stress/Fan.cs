namespace Runtime.Core.Tests.Stress;

/// <summary>A baton that submits many others from a worker, by the dozen, and is handed on itself by the last of them.</summary>
internal sealed class Fan : Baton
{
    private readonly HandOffRun _run;
    private readonly Leaf[] _leaves;

    // The same objects, as PostMany wants them.
    private readonly WorkItem[] _items;

    // Leaves that have not arrived in this round; interlocked.
    private int _left;

    // The state of the draws. Holder only.
    private uint _draws;

    public Fan(HandOffRun run, int id, int leaves, long rounds)
        : base(run.Account, id, rounds + 1)
    {
        _run = run;
        _draws = (uint)run.NextSeed() | 1;
        _leaves = [.. Enumerable.Range(0, leaves).Select(_ => new Leaf(this, run.Account.NextId + 1 + _, rounds))];
        _items = [.. _leaves];
    }

    public IReadOnlyList<Baton> Leaves => _leaves;

    protected override void OnTaken()
    {
        if (Count == Quota)
        {
            Account.OnFinished();
            return;
        }

        _left = _leaves.Length;
        foreach (var leaf in _leaves)
        {
            leaf.Pass();
        }

        switch (Mix.Below(ref _draws, 8))
        {
            case 0:
                _ = _run.Runtime.SpawnMany<Leaf>(
                    static (leaf, _) =>
                    {
                        leaf.Arrive();
                        return ValueTask.CompletedTask;
                    },
                    _leaves,
                    new SpawnOptions { Priority = (TaskPriority)Mix.Below(ref _draws, 5) });
                break;
            case 1:
                _run.Runtime.PostMany<Leaf>(static leaf => leaf.Arrive(), _leaves);
                break;
            default:
                _run.Runtime.PostMany(_items);
                break;
        }
    }

    private void OnLeaf()
    {
        if (Interlocked.Decrement(ref _left) == 0)
        {
            Pass();
            _run.Port.Post(this);
        }
    }

    private sealed class Leaf(Fan fan, int id, long quota) : Baton(fan.Account, id, quota)
    {
        protected override void OnTaken()
        {
            if (Count == Quota)
            {
                Account.OnFinished();
            }

            fan.OnLeaf();
        }
    }
}
