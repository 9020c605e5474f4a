namespace LlmReasoning.Evaluation.Metrics;

/// <summary>A number and its 95 % interval.</summary>
public readonly record struct Estimate(double Value, double Lo, double Hi);
