using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Responses;

/// <summary>The texts of the samples of one or several models: lengths, reflection keywords and answers.</summary>
public sealed record ResponseSummary
{
    public required string Dataset { get; init; }
    public required IReadOnlyList<string> Models { get; init; }

    /// <summary>Whose success makes the buckets; null = each model's own.</summary>
    public string? BucketsOf { get; init; }
    public required KeywordMatch Match { get; init; }
    public required IReadOnlyList<LengthRow> Lengths { get; init; }
    public required IReadOnlyList<KeywordRow> Keywords { get; init; }
    public required IReadOnlyList<EntropyRow> Entropies { get; init; }
    public required long BootstrapSeed { get; init; }
    public required int BootstrapDraws { get; init; }

    /// <summary>What a reader of the numbers should know, one sentence each.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}

/// <summary>Which responses a row is about.</summary>
/// <param name="Model">Its name.</param>
/// <param name="Group">all, correct or wrong; wrong is all that is not correct.</param>
/// <param name="Bucket">all, or success counts such as "1-4".</param>
public readonly record struct ResponseGroup(string Model, string Group, string Bucket);

/// <summary>Lengths of responses, the end token left out.</summary>
public sealed record LengthRow(
    ResponseGroup Of, int Problems, int Samples, double? MeanTokens, double? MedianTokens, double? MeanChars, double? MedianChars, double? TruncatedShare);

/// <summary>One keyword in responses; the keyword "*" is all of them together.</summary>
/// <param name="Of">Which responses.</param>
/// <param name="Keyword">As the list gives it.</param>
/// <param name="Samples">Responses there are.</param>
/// <param name="Occurrences">In all of them.</param>
/// <param name="MeanPerSample">Occurrences by response; null without responses.</param>
/// <param name="ShareWith">Share of the responses that have it.</param>
public sealed record KeywordRow(ResponseGroup Of, string Keyword, int Samples, long Occurrences, double? MeanPerSample, double? ShareWith);

/// <summary>The spread of the answers to a problem, averaged over the problems that have such responses.</summary>
/// <param name="Of">Which responses.</param>
/// <param name="Problems">Problems with such responses; the rest is null where there is none.</param>
/// <param name="Entropy">Of the classes of equal answers, in nats.</param>
/// <param name="DistinctAnswers">Mean number of classes of equal answers; no answer is none of them.</param>
/// <param name="DistinctTexts">Mean number of different texts.</param>
/// <param name="NoAnswerShare">Share of the responses without an answer.</param>
public sealed record EntropyRow(ResponseGroup Of, int Problems, Estimate? Entropy, double? DistinctAnswers, double? DistinctTexts, double? NoAnswerShare);
