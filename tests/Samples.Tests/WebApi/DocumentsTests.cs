using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Samples.TextAnalysis;

namespace Samples.Tests.WebApi;

public sealed class DocumentsTests(WebApiServer server) : IClassFixture<WebApiServer>
{
    [Theory]
    [MemberData(nameof(RealTexts.Names), MemberType = typeof(RealTexts))]
    public async Task Post_RealText_EndsAsWhatWasCountedIndependently(string name)
    {
        var bytes = RealTexts.Bytes(name);
        using var response = await server.PostTextAsync(bytes, "?priority=High&deadlineSeconds=5");

        var job = await server.WaitForEndAsync(response.Headers.Location!);

        job.GetProperty("status").GetString().ShouldBe("Succeeded");
        RealTexts.Expectation(name).ShouldBeWhatWasFound(job.GetProperty("result").Deserialize<TextStatistics>(JsonSerializerOptions.Web)!, bytes);
    }

    [Fact]
    public async Task Post_Text_IsAcceptedWithItsJob()
    {
        using var response = await server.PostTextAsync("one two");

        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        response.Headers.Location!.OriginalString.ShouldBe($"/jobs/{body.GetProperty("id").GetGuid()}");
        var job = await server.GetJobAsync(response.Headers.Location.OriginalString);
        (job.GetProperty("name").GetString(), job.GetProperty("priority").GetString()).ShouldBe(("document", "Normal"));
    }

    [Theory]
    [InlineData("?priority=Critical", "Critical")]
    [InlineData("?priority=high", "High")]
    [InlineData("?priority=BACKGROUND&deadlineSeconds=0", "Background")]
    [InlineData("?priority=Low&deadlineSeconds=0.5", "Low")]
    [InlineData("?deadlineSeconds=31536000", "Normal")]
    public async Task Post_PriorityAndDeadline_AreTaken(string query, string priority)
    {
        using var response = await server.PostTextAsync("text", query);

        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await server.GetJobAsync(response.Headers.Location!.OriginalString)).GetProperty("priority").GetString().ShouldBe(priority);
    }

    [Theory]
    [InlineData("Urgent")]
    [InlineData("1")]
    [InlineData("99")]
    [InlineData("High,Low")]
    public async Task Post_UnknownPriority_IsABadRequestThatNamesTheKnownOnes(string priority)
    {
        using var response = await server.PostTextAsync("text", $"?priority={priority}");

        (await response.ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldContain("Critical, High, Normal, Low, Background");
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("-0.001")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("1e300")]
    [InlineData("soon")]
    public async Task Post_ImpossibleDeadline_IsABadRequest(string seconds)
    {
        using var response = await server.PostTextAsync("text", $"?deadlineSeconds={seconds}");

        (await response.ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldContain("deadlineSeconds");
    }

    [Fact]
    public async Task Post_EmptyBody_IsABadRequest()
    {
        using var response = await server.PostTextAsync("");

        (await response.ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldContain("empty");
    }

    [Fact]
    public async Task Post_NoBodyAtAll_IsABadRequest()
    {
        using var response = await server.Client.PostAsync("/documents", null);

        await response.ShouldBeProblemAsync(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Post_EmptyChunkedBody_IsABadRequest()
    {
        using var response = await PostChunkedAsync(0);

        await response.ShouldBeProblemAsync(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("text/html")]
    [InlineData("text/plain; charset=iso-8859-1")]
    [InlineData(null)]
    public async Task Post_OtherContentType_IsUnsupported(string? type)
    {
        using var content = new ByteArrayContent("a=b"u8.ToArray());
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);

        using var response = await server.Client.PostAsync("/documents", content);

        (await response.ShouldBeProblemAsync(HttpStatusCode.UnsupportedMediaType)).ShouldContain("text/plain");
    }

    [Theory]
    [InlineData("text/plain; charset=utf-8")]
    [InlineData("text/plain; charset=\"UTF-8\"")]
    [InlineData("text/plain; charset=us-ascii")]
    [InlineData("TEXT/PLAIN")]
    public async Task Post_Utf8Text_IsAccepted(string type)
    {
        using var content = new ByteArrayContent("a"u8.ToArray()) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } };

        using var response = await server.Client.PostAsync("/documents", content);

        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Post_TenMegabytes_IsAccepted(bool chunked)
    {
        const int Limit = 10 * 1024 * 1024;

        using var response = chunked ? await PostChunkedAsync(Limit) : await server.PostTextAsync(Text(Limit));

        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var job = await server.WaitForEndAsync(response.Headers.Location!);
        job.GetProperty("result").GetProperty("bytes").GetInt64().ShouldBe(Limit);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 1)]
    [InlineData(true, 30_000_000)]
    [InlineData(false, 30_000_000)]
    public async Task Post_MoreThanTenMegabytes_IsTooLarge(bool chunked, int excess)
    {
        var length = (10 * 1024 * 1024) + excess;

        using var response = chunked ? await PostChunkedAsync(length) : await server.PostTextAsync(Text(length));

        (await response.ShouldBeProblemAsync(HttpStatusCode.RequestEntityTooLarge)).ShouldContain("10485760");
    }

    [Fact]
    public async Task Post_TextWithByteOrderMarkAndInvalidBytes_IsCountedAsDocumented()
    {
        using var response = await server.PostTextAsync([0xEF, 0xBB, 0xBF, (byte)'a', 0xFF, (byte)'b']);

        var result = (await server.WaitForEndAsync(response.Headers.Location!)).GetProperty("result");

        result.GetProperty("bytes").GetInt64().ShouldBe(6);
        result.GetProperty("words").GetInt64().ShouldBe(2);
    }

    [Fact]
    public async Task Post_ManyClientsAtOnce_EveryJobHasItsOwnResult()
    {
        await using var own = new WebApiServer();
        var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(async client =>
        {
            for (var i = 0; i < 10; i++)
            {
                var words = (client * 10) + i + 1;
                using var response = await own.PostTextAsync(string.Join(' ', Enumerable.Range(0, words).Select(n => n.ToString(CultureInfo.InvariantCulture))));
                var job = await own.WaitForEndAsync(response.Headers.Location!);
                job.GetProperty("result").GetProperty("distinctWords").GetInt32().ShouldBe(words);
            }

            return true;
        }));

        answers.Length.ShouldBe(32);
        own.Budget.Taken.ShouldBe(0);
    }

    private async Task<HttpResponseMessage> PostChunkedAsync(int length)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/documents")
        {
            Content = new StreamContent(new MemoryStream(Text(length))) { Headers = { ContentType = new("text/plain") } },
        };
        request.Headers.TransferEncodingChunked = true;
        return await server.Client.SendAsync(request);
    }

    private static byte[] Text(int length)
    {
        var text = new byte[length];
        for (var i = 0; i < length; i++)
        {
            text[i] = (byte)(i % 8 == 7 ? ' ' : 'a' + (i % 8));
        }

        return text;
    }
}
