using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.AspNetCore.Mvc.Infrastructure;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Samples.WebApi.Documents;

/// <summary>Refuses a body that by its headers alone is empty, no UTF-8 text, or too long, before a byte of it is read.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PlainTextBodyAttribute : Attribute, IResourceFilter
{
    /// <inheritdoc/>
    public void OnResourceExecuting(ResourceExecutingContext context)
    {
        var request = context.HttpContext.Request;
        var limit = context.HttpContext.RequestServices.GetRequiredService<IOptions<DocumentOptions>>().Value.MaxBytes;
        var mayHaveBody = context.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? true;
        if (request.ContentLength == 0 || !mayHaveBody)
        {
            context.Result = Refuse(context, StatusCodes.Status400BadRequest, Empty);
        }
        else if (!IsUtf8Text(request.ContentType))
        {
            context.Result = Refuse(context, StatusCodes.Status415UnsupportedMediaType, $"The body is '{request.ContentType}'; send text/plain in UTF-8.");
        }
        else if (request.ContentLength > limit)
        {
            context.Result = Refuse(context, StatusCodes.Status413PayloadTooLarge, TooLong(limit));
        }
    }

    /// <inheritdoc/>
    public void OnResourceExecuted(ResourceExecutedContext context)
    {
    }

    internal const string Empty = "The body is empty; send the text to analyse.";

    internal static string TooLong(int limit) => $"The body is longer than {limit} bytes; send a shorter text.";

    private static bool IsUtf8Text(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && type.MediaType.Equals("text/plain", StringComparison.OrdinalIgnoreCase)
        && (!type.Charset.HasValue || IsUtf8(HeaderUtilities.RemoveQuotes(type.Charset)));

    private static bool IsUtf8(Microsoft.Extensions.Primitives.StringSegment charset) =>
        charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) || charset.Equals("us-ascii", StringComparison.OrdinalIgnoreCase);

    private static ObjectResult Refuse(ResourceExecutingContext context, int status, string detail)
    {
        var problems = context.HttpContext.RequestServices.GetRequiredService<ProblemDetailsFactory>();
        return new(problems.CreateProblemDetails(context.HttpContext, status, detail: detail)) { StatusCode = status };
    }
}
