using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Runtime.Hosting.Endpoints;

/// <summary>Sends an answer that nobody may keep.</summary>
internal static class ResponseBody
{
    public static async Task WriteAsync(HttpContext context, byte[] body)
    {
        var headers = context.Response.Headers;
        headers[HeaderNames.CacheControl] = "no-store, no-cache";
        headers[HeaderNames.Pragma] = "no-cache";
        headers[HeaderNames.Expires] = "Thu, 01 Jan 1970 00:00:00 GMT";
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
        }
    }
}
