using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Runtime.Core.IO;

namespace Runtime.Core.Tests.IO;

/// <summary>The smallest HTTP/1.1 server that keeps connections alive: answers every GET with its own path.</summary>
internal sealed class HttpResponder(AsyncRuntime runtime) : Server(runtime)
{
    private static readonly byte[] EndOfHead = "\r\n\r\n"u8.ToArray();

    protected override async ValueTask ServeAsync(PipeReader input, RuntimeSocket output, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await input.ReadAsync(cancellationToken);
            var rest = read.Buffer;
            while (TryTakeHead(ref rest, out var head))
            {
                var keepAlive = !head.Contains("Connection: close", StringComparison.OrdinalIgnoreCase);
                await output.SendAsync(Answer(head.Split(' ', 3), keepAlive), cancellationToken);
                if (!keepAlive)
                {
                    return;
                }
            }

            input.AdvanceTo(rest.Start, rest.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private static bool TryTakeHead(ref ReadOnlySequence<byte> rest, out string head)
    {
        var reader = new SequenceReader<byte>(rest);
        head = "";
        if (!reader.TryReadTo(out ReadOnlySequence<byte> taken, EndOfHead))
        {
            return false;
        }

        head = Encoding.ASCII.GetString(taken);
        rest = rest.Slice(reader.Position);
        return true;
    }

    private static byte[] Answer(string[] request, bool keepAlive)
    {
        var (status, body) = request is ["GET", var path, ..] ? ("200 OK", path) : ("405 Method Not Allowed", "");
        return Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\nContent-Type: text/plain\r\nConnection: {(keepAlive ? "keep-alive" : "close")}\r\n\r\n{body}"));
    }
}
