using Runtime.Core.Concurrency;
using Runtime.Core.Model.Tests.Engine;

namespace Runtime.Core.Model.Tests.Litmus;

/// <summary>The classic stack; when nodes are used again, the classic mistake (ABA).</summary>
internal abstract class TreiberStack : Scenario
{
    private readonly Node _a = new("a");
    private readonly Node _b = new("b");
    private readonly List<Node> _gone = [];
    private AtomicReference<Node> _top;

    protected TreiberStack(bool reuse)
    {
        Push(_b);
        Push(_a);
        Run("pops one", () => Keep(Pop()));
        Run("pops two", () =>
        {
            var first = Pop();
            Keep(Pop());
            if (reuse && first is not null)
            {
                Push(first);
            }
            else
            {
                Keep(first);
            }
        });
    }

    public override void Check()
    {
        while (Pop() is { } node)
        {
            Keep(node);
        }

        Require(_gone.Count == 2 && _gone.Distinct().Count() == 2, $"popped {string.Join(", ", _gone)}");
    }

    private void Keep(Node? node)
    {
        if (node is not null)
        {
            _gone.Add(node);
        }
    }

    private void Push(Node node)
    {
        var top = _top.Value;
        while (true)
        {
            node.Next.Value = top;
            var seen = _top.CompareExchange(node, top);
            if (seen == top)
            {
                return;
            }

            top = seen;
        }
    }

    private Node? Pop()
    {
        var top = _top.Value;
        while (top is not null)
        {
            var seen = _top.CompareExchange(top.Next.Value, top);
            if (seen == top)
            {
                return top;
            }

            top = seen;
        }

        return null;
    }

    internal sealed class FreshNodes() : TreiberStack(reuse: false);

    internal sealed class UsedNodes() : TreiberStack(reuse: true);

    private sealed class Node(string name)
    {
        public AtomicReference<Node> Next;

        public override string ToString() => name;
    }
}
