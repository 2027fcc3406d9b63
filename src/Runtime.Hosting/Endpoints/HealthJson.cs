using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Runtime.Hosting.Endpoints;

/// <summary>Writes a health report as JSON.</summary>
internal static class HealthJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    /// <summary>Writes the whole report: status, total duration, and every check with its status, description, duration and data.</summary>
    public static Task WriteAsync(HttpContext context, HealthReport report) => WriteAsync(context, report.Status, json =>
    {
        json.WriteString("totalDuration", report.TotalDuration.ToString("c"));
        json.WriteStartObject("checks");
        foreach (var (name, entry) in report.Entries.OrderBy(static entry => entry.Key, StringComparer.Ordinal))
        {
            json.WriteStartObject(name);
            Write(json, entry);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    });

    /// <summary>Writes a status, and why.</summary>
    public static Task WriteAsync(HttpContext context, HealthStatus status, string? description = null) => WriteAsync(context, status, json =>
    {
        if (description is not null)
        {
            json.WriteString("description", description);
        }
    });

    private static async Task WriteAsync(HttpContext context, HealthStatus status, Action<Utf8JsonWriter> more)
    {
        var response = context.Response;

        // Degraded still answers 200: the application works, and a load balancer that took it away would make things worse.
        response.StatusCode = status == HealthStatus.Unhealthy ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
        response.ContentType = "application/json; charset=utf-8";
        using var buffer = new MemoryStream();
        await using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("status", status.ToString());
            more(json);
            json.WriteEndObject();
        }

        await ResponseBody.WriteAsync(context, buffer.ToArray());
    }

    private static void Write(Utf8JsonWriter json, HealthReportEntry entry)
    {
        json.WriteString("status", entry.Status.ToString());
        json.WriteString("description", entry.Description);
        json.WriteString("duration", entry.Duration.ToString("c"));
        json.WriteStartObject("data");
        foreach (var (key, value) in entry.Data)
        {
            json.WritePropertyName(key);
            WriteValue(json, value);
        }

        json.WriteEndObject();
    }

    // A check's data may hold anything. What JSON cannot say is shown as text: an endpoint that fails on it would hide every other check.
    private static void WriteValue(Utf8JsonWriter json, object? value)
    {
        JsonElement element;
        try
        {
            element = JsonSerializer.SerializeToElement(value, value?.GetType() ?? typeof(object), Options);
        }
        catch (Exception exception) when (exception is NotSupportedException or JsonException or ArgumentException or InvalidOperationException)
        {
            element = JsonSerializer.SerializeToElement(value?.ToString(), Options);
        }

        element.WriteTo(json);
    }
}
