using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Runtime.Core.Tuning;
using Runtime.Hosting.Configuration;
using Runtime.Hosting.Tuning;

namespace Runtime.Hosting.Endpoints;

/// <summary>What <c>GET /runtime/tuner</c> answers: whether it is free to act, the knobs with their bounds, and the latest decisions, newest first.</summary>
internal sealed class TunerJson(Tuner tuner, TunableRuntime runtime, LiveOptions options)
{
    private static readonly TuningKnob[] Knobs = Enum.GetValues<TuningKnob>();

    public async Task WriteAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        using var buffer = new MemoryStream();
        await using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            Write(json);
        }

        await ResponseBody.WriteAsync(context, buffer.ToArray());
    }

    private void Write(Utf8JsonWriter json)
    {
        var settings = options.CurrentValue.Tuner;
        json.WriteStartObject();
        json.WriteBoolean("enabled", settings.Enabled);
        json.WriteString("frozen", tuner.Frozen);
        json.WriteBoolean("asleep", tuner.IsAsleep);
        json.WriteString("interval", settings.Interval.ToString("c"));
        json.WriteString("stuckIn", tuner.Stuck?.Strategy);
        json.WriteNumber("faults", tuner.Faults.Count);
        json.WriteString("lastFault", tuner.Faults.Last);
        json.WriteStartArray("strategies");
        foreach (var strategy in tuner.Strategies)
        {
            json.WriteStringValue(strategy);
        }

        json.WriteEndArray();
        json.WriteStartObject("knobs");
        foreach (var knob in Knobs)
        {
            var (least, greatest) = runtime.Bounds(knob);
            json.WriteStartObject(JsonNamingPolicy.CamelCase.ConvertName(knob.ToString()));
            json.WriteNumber("value", runtime.Get(knob));
            json.WriteNumber("configured", runtime.Configured(knob));
            json.WriteNumber("least", least);
            json.WriteNumber("greatest", greatest);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteStartArray("decisions");
        foreach (var decision in tuner.Decisions.Reverse())
        {
            Write(json, decision);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, TuningDecision decision)
    {
        json.WriteStartObject();
        json.WriteString("at", decision.At);
        json.WriteNumber("trial", decision.Trial);
        json.WriteString("strategy", decision.Strategy);
        json.WriteString("knob", decision.Knob.ToString());
        json.WriteNumber("from", decision.From);
        json.WriteNumber("to", decision.To);
        json.WriteString("outcome", decision.Outcome.ToString());
        json.WriteString("reason", decision.Reason);
        json.WriteEndObject();
    }
}
