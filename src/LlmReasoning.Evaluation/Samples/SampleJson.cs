using System.Text.Json;
using System.Text.Json.Serialization;

namespace LlmReasoning.Evaluation.Samples;

/// <summary>A sample as one line of JSON, without reflection: a million lines in seconds.</summary>
[JsonSerializable(typeof(Sample))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class SampleJson : JsonSerializerContext
{
    private static readonly SampleJson Context = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
    });

    /// <exception cref="FormatException">What is wrong with the line.</exception>
    public static Sample Read(ReadOnlySpan<byte> line)
    {
        var sample = Deserialize(line);
        if (sample.ProblemId.Length == 0) { throw new FormatException("problem_id is empty"); }
        if (sample.SampleIdx < 0) { throw new FormatException($"sample_idx is {sample.SampleIdx}; it counts from 0"); }
        if (sample.FinishReason is not ("eos" or "stop" or "length" or "error"))
        {
            throw new FormatException($"finish_reason is \"{sample.FinishReason}\"; it is one of eos, stop, length, error");
        }
        if (!(sample.Temperature >= 0 && double.IsFinite(sample.Temperature) && double.IsFinite(sample.TopP)))
        {
            throw new FormatException($"temperature is {sample.Temperature} and top_p {sample.TopP}; both are finite, from 0 on");
        }
        return sample;
    }

    public static ReadOnlySpan<byte> Write(JsonLine line, Sample sample)
    {
        line.Begin();
        line.Text("run_id"u8, sample.RunId);
        line.Text("model_id"u8, sample.ModelId);
        line.Text("problem_id"u8, sample.ProblemId);
        line.Number("sample_idx"u8, sample.SampleIdx);
        line.Number("seed"u8, sample.Seed);
        line.Text("template_id"u8, sample.TemplateId);
        line.Number("temperature"u8, sample.Temperature);
        line.Number("top_p"u8, sample.TopP);
        line.Number("top_k"u8, sample.TopK);
        if (sample.MinP is { } minP) { line.Number("min_p"u8, minP); }
        if (sample.RepetitionPenalty is { } penalty) { line.Number("repetition_penalty"u8, penalty); }
        if (sample.StopStrings is { } stops) { line.Texts("stop_strings"u8, stops); }
        line.Number("max_new_tokens"u8, sample.MaxNewTokens);
        line.Number("prompt_tokens"u8, sample.PromptTokens);
        line.Number("completion_tokens"u8, sample.CompletionTokens);
        line.Number("completion_chars"u8, sample.CompletionChars);
        line.Text("finish_reason"u8, sample.FinishReason);
        line.Text("text"u8, sample.Text);
        if (sample.TokenLogprobSum is { } sum) { line.Number("token_logprob_sum"u8, sum); }
        if (sample.PromptIds is { } promptIds) { line.Numbers("prompt_ids"u8, promptIds); }
        if (sample.CompletionIds is { } completionIds) { line.Numbers("completion_ids"u8, completionIds); }
        if (sample.CompletionLogprobs is { } logprobs) { line.Numbers("completion_logprobs"u8, logprobs); }
        return line.End();
    }

    private static Sample Deserialize(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, Context.Sample) ?? throw new FormatException("is null; a JSON object is expected");
        }
        catch (JsonException) when (LoneSurrogates.Replace(line) is { } repaired)
        {
            return Deserialize(repaired);
        }
        catch (JsonException e)
        {
            throw new FormatException(Explain(e), e);
        }
    }

    private static string Explain(JsonException e)
    {
        var key = e.Path is { Length: > 2 } path ? path[2..] : null;           // "$.sample_idx"
        const string missing = "missing required properties including: ";
        if (e.Message.IndexOf(missing, StringComparison.Ordinal) is >= 0 and var at) { return $"lacks {e.Message[(at + missing.Length)..].TrimEnd('.')}"; }
        if (e.Message.StartsWith("The JSON value could not be converted", StringComparison.Ordinal))
        {
            return key is null ? "not a JSON object" : $"{key} has the wrong type or is out of range";
        }
        var reason = e.Message.Split(" Path:")[0].Split(" LineNumber:")[0].TrimEnd('.');
        return key is null ? $"not JSON ({reason})" : $"{key}: {reason}";
    }
}
