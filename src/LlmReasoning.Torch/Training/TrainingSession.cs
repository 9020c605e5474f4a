using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Optimisation;

namespace LlmReasoning.Torch.Training;

/// <summary>What the loops of the trainers share around their steps: the optimizer's state, metrics, evaluation, warnings and checkpoints.</summary>
public sealed class TrainingSession : IDisposable
{
    private readonly TrainingRun _run;
    private readonly CausalLM _model;
    private readonly TrainingConfig _config;
    private readonly string _sourceFolder;
    private readonly TrainingWarnings _warnings;
    private int _done;

    /// <param name="run">A new one, or one that goes on; the model is that of its last checkpoint.</param>
    /// <param name="model">To train.</param>
    /// <param name="config">Resolved.</param>
    /// <param name="sourceFolder">Whose config and tokenizer files go with the checkpoints.</param>
    /// <param name="updatesPerStep">How often a step's batch trains.</param>
    public TrainingSession(TrainingRun run, CausalLM model, TrainingConfig config, string sourceFolder, int updatesPerStep)
    {
        (_run, _model, _config, _sourceFolder) = (run, model, config, sourceFolder);
        model.GradientCheckpointing = config.GradientCheckpointing;
        model.UseBfloat16(config.Bf16);
        _warnings = new(config.MaxGradNorm, updatesPerStep);
        Optimizer = new AdamW(model.Weights(), config.AdamW());
        _done = run.LastStep;
        if (_done > 0) { run.Restore(Optimizer); }
    }

    public AdamW Optimizer { get; }

    /// <summary>Null = there are no held-out problems.</summary>
    public HeldOutExaminer? Examiner { get; init; }

    /// <summary>Takes what the user should know.</summary>
    public required Action<string> Warn { get; init; }

    public void Dispose() => Optimizer.Dispose();

    /// <summary>Makes up for an evaluation that was interrupted, and evaluates before the first step where the config says so.</summary>
    /// <param name="names">The columns of a step, without values.</param>
    public void Begin(IEnumerable<string> names, CancellationToken cancellation)
    {
        if (_config.IsEvalStep(_done) && _run.LacksEval) { Evaluate(_done, cancellation); }
        if (_done == 0 && _config.EvalOnStart)
        {
            WriteMetrics([.. names.Select(name => (name, name == "step" ? (double?)0 : null))]);
            Evaluate(0, cancellation);
        }
    }

    /// <summary>Writes what a step did and evaluates where it is due; the step as it was, with the evaluation.</summary>
    public TStep Record<TStep>(TStep step, CancellationToken cancellation) where TStep : TrainingStep
    {
        _done = step.Step;
        WriteMetrics(step.Columns());
        _run.WriteTimings(_done, step.Timings());
        step.WriteTables(_run);
        return _config.IsEvalStep(_done) ? step with { Eval = Evaluate(_done, cancellation) } : step;
    }

    /// <summary>Warns of what the step shows, and saves a checkpoint where it is due.</summary>
    public void Finish(TrainingStep step)
    {
        foreach (var warning in _warnings.After(step.Columns())) { Warn(warning); }
        if (_config.IsSaveStep(step.Step)) { Save(); }
    }

    /// <summary>After the last step.</summary>
    public void Complete() => _run.Complete(_config.SaveTotalLimit);

    /// <summary>Of a cancelled run: saves the last whole step, unless it is saved.</summary>
    public void SaveUnsaved()
    {
        if (_done > _run.LastStep) { Save(); }
    }

    private void WriteMetrics(IReadOnlyList<(string Name, double? Value)> columns) => _run.WriteMetrics([.. columns, .. HeldOutEval.NoColumns(_config.EvalKs)]);

    // Into the last row of metrics.csv.
    private HeldOutEval Evaluate(int step, CancellationToken cancellation)
    {
        var eval = Examiner!.Examine(_run, step, cancellation);
        _run.CompleteMetrics(eval.Columns());
        return eval;
    }

    private void Save() => _run.Save(_done, _model, Optimizer, _sourceFolder, _config.SaveTotalLimit);
}
