using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Samples.Tests.WebApi;

internal static class Problems
{
    /// <summary>Checks that an answer is a problem (RFC 9457) and returns its text.</summary>
    public static async Task<string> ShouldBeProblemAsync(this HttpResponseMessage response, HttpStatusCode status)
    {
        response.StatusCode.ShouldBe(status);
        response.Content.Headers.ContentType?.MediaType.ShouldBe("application/problem+json");
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        problem.GetProperty("status").GetInt32().ShouldBe((int)status);
        return problem.GetRawText();
    }
}
