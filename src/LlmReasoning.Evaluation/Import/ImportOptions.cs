using LlmReasoning.Evaluation.Problems;

namespace LlmReasoning.Evaluation.Import;

/// <summary>The tool that wrote a file.</summary>
public enum ImportFormat
{
    /// <summary>Details as parquet, up to 0.10 and from 0.11 on.</summary>
    Lighteval,

    /// <summary>lm-evaluation-harness: samples_TASK_DATE.jsonl.</summary>
    LmEval,

    /// <summary>limit-of-RLVR: test_TEMPLATE_NUM_seedS_tT_sS_eE.jsonl.</summary>
    LimitOfRlvr,

    /// <summary>OpenAI human-eval: {task_id, completion} a line; needs the problems.</summary>
    HumanEval,

    /// <summary>Rows of jsonl, CSV or parquet with a problem, its answer, and one response or a list of them.</summary>
    Plain,
}

/// <summary>What another tool's files do not say; a value given here wins over the file's.</summary>
public sealed record ImportOptions
{
    public required ImportFormat Format { get; init; }
    public string ModelId { get; init; } = "imported";
    public string TemplateId { get; init; } = "imported";
    public long Seed { get; init; }
    public double? Temperature { get; init; }
    public double? TopP { get; init; }

    /// <summary>0 = off.</summary>
    public int? TopK { get; init; }
    public int? MaxNewTokens { get; init; }

    /// <summary>Of plain rows: fields with names of their own.</summary>
    public ProblemFieldNames Fields { get; init; } = new();

    /// <summary>Returns itself, or throws for a setting outside its range.</summary>
    /// <exception cref="UserException">Names the key and its value.</exception>
    public ImportOptions Validate()
    {
        UserException.Require(Temperature is null or (>= 0 and < double.PositiveInfinity), "temperature", Temperature, "it must be 0 (greedy) or a positive number");
        UserException.Require(TopP is null or (> 0 and <= 1), "top_p", TopP, "it must be above 0 and at most 1 (off)");
        UserException.Require(TopK is null or >= 0, "top_k", TopK, "it must be 0 (off) or positive");
        UserException.Require(MaxNewTokens is null or >= 0, "max_new_tokens", MaxNewTokens, "it must be 0 (not known) or positive");
        return this;
    }
}

/// <summary>What an import came to.</summary>
/// <param name="Problems">Those with at least one sample.</param>
/// <param name="Samples">Samples written.</param>
/// <param name="WithoutProblem">Ids whose problem is not known; their replies were left out.</param>
/// <param name="WithoutFinishReason">Samples whose end is not known; written as "stop", so that none of them counts as cut off.</param>
public sealed record ImportSummary(IReadOnlyList<Problem> Problems, int Samples, IReadOnlyList<string> WithoutProblem, int WithoutFinishReason);
