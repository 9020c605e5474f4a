using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Evaluation.Samples;

namespace LlmReasoning.Evaluation.Report;

/// <summary>The numbers of one evaluation: what summary.json, summary.md and the console show. Shares are fractions of all samples.</summary>
public sealed record PassKSummary
{
    public required string Dataset { get; init; }

    /// <summary>Model, template, temperature, ... of all samples.</summary>
    public required SamplingSettings Sampling { get; init; }

    /// <summary>The last part of the model's path.</summary>
    internal string ModelName => Sampling.ModelName;

    /// <summary>The verifier's policy.</summary>
    public required string Scorer { get; init; }

    public required int Problems { get; init; }

    /// <summary>Samples a problem, of the problem with the most.</summary>
    public required int N { get; init; }

    /// <summary>Samples of the problem with the fewest.</summary>
    public required int NMin { get; init; }

    public required IReadOnlyList<CurvePoint> Curve { get; init; }

    /// <summary>maj@k for the k of <see cref="Curve"/>.</summary>
    public required IReadOnlyList<CurvePoint> Majority { get; init; }

    /// <summary>Bayes@N with its interval for these problems; K is N.</summary>
    public required CurvePoint Bayes { get; init; }

    /// <summary>Mean over problems of the entropy of the answers, in nats; no answer is a class of its own.</summary>
    public required double MeanAnswerEntropy { get; init; }

    /// <summary>Mean over problems.</summary>
    public required double MeanDistinctAnswers { get; init; }

    /// <summary>Problems with c = 0.</summary>
    public required int Unsolved { get; init; }

    /// <summary>95 % upper bound of the success rate of a problem with c = 0.</summary>
    public required double UnsolvedRateBound { get; init; }

    /// <summary>Samples the verifier could not judge; counted as not correct.</summary>
    public required int Undecided { get; init; }

    /// <summary>Samples whose generation failed; counted as not correct.</summary>
    public required int Failed { get; init; }

    public required double AnsweredShare { get; init; }
    public required double BoxedShare { get; init; }
    public required double TruncatedShare { get; init; }

    /// <summary>Samples whose text an earlier sample of the same problem has too.</summary>
    public required double DuplicateShare { get; init; }
    public required double MeanCompletionTokens { get; init; }
    public required long BootstrapSeed { get; init; }
    public required int BootstrapDraws { get; init; }

    /// <summary>By the data set's level, by success count, and by the base's where one was given.</summary>
    public required IReadOnlyList<BucketRow> Buckets { get; init; }

    /// <summary>Samples a problem of the base; null where none was given.</summary>
    public int? BaseN { get; init; }

    /// <summary>What a reader of the numbers should know, one sentence each.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}

/// <summary>pass@1 and pass@k of the problems of one bucket.</summary>
/// <param name="By">"level", "success" for buckets by success count, or "base" for buckets by that of the base.</param>
/// <param name="Bucket">The level's name, or success counts such as "1-4".</param>
/// <param name="Problems">How many problems it holds.</param>
/// <param name="Accuracy">pass@1; null where the bucket is empty.</param>
/// <param name="PassAtK">pass@k at the largest k; null where the bucket is empty.</param>
public sealed record BucketRow(string By, string Bucket, int Problems, CurvePoint? Accuracy, CurvePoint? PassAtK);
