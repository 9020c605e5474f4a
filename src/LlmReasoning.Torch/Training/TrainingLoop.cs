using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Optimisation;

namespace LlmReasoning.Torch.Training;

/// <summary>What is around the steps of a training run: the optimizer's state, metrics, evaluation, warnings and checkpoints. What a step is, the trainers say.</summary>
public sealed class TrainingLoop : IDisposable
{
    private readonly TrainingRun _run;
    private readonly CausalLM _model;
    private readonly TrainingConfig _config;
    private readonly string _sourceFolder;

    /// <param name="run">A new one, or one that goes on; the model is that of its last checkpoint.</param>
    /// <param name="model">To train.</param>
    /// <param name="config">Resolved.</param>
    /// <param name="sourceFolder">Whose config and tokenizer files go with the checkpoints.</param>
    public TrainingLoop(TrainingRun run, CausalLM model, TrainingConfig config, string sourceFolder)
    {
        (_run, _model, _config, _sourceFolder) = (run, model, config, sourceFolder);
        model.GradientCheckpointing = config.GradientCheckpointing;
        model.UseBfloat16(config.Bf16);
        Optimizer = new AdamW(model.Weights(), config.AdamW());
        if (run.LastStep > 0) { run.Restore(Optimizer); }
    }

    public AdamW Optimizer { get; }

    /// <summary>Null = there are no held-out problems.</summary>
    public HeldOutExaminer? Examiner { get; init; }

    /// <summary>How often a step's batch trains.</summary>
    public int UpdatesPerStep { get; init; } = 1;

    /// <summary>Takes what the user should know.</summary>
    public required Action<string> Warn { get; init; }

    public void Dispose() => Optimizer.Dispose();

    /// <summary>Takes the steps from the run's last to the config's; a cancelled run is saved first.</summary>
    /// <param name="take">Takes one step, which may write completions of it.</param>
    /// <param name="names">The columns of a step, without values.</param>
    /// <param name="report">Called after each step.</param>
    /// <exception cref="OperationCanceledException">Cancelled; the last whole step is saved.</exception>
    public void Train<TStep>(Func<int, TStep> take, IEnumerable<string> names, Action<TStep> report, CancellationToken cancellation) where TStep : TrainingStep
    {
        var warnings = new TrainingWarnings(_config.MaxGradNorm, UpdatesPerStep);
        var done = _run.LastStep;
        try
        {
            if (_config.IsEvalStep(done) && _run.LacksEval) { Evaluate(done, cancellation); }
            if (done == 0 && _config.EvalOnStart)
            {
                WriteMetrics([.. names.Select(name => (name, name == "step" ? (double?)0 : null))]);
                Evaluate(0, cancellation);
            }
            while (done < _config.MaxSteps)
            {
                cancellation.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope();
                var step = take(done + 1);
                done = step.Step;
                WriteMetrics(step.Columns());
                _run.WriteTimings(done, step.Timings());
                step.WriteTables(_run);
                if (_config.IsEvalStep(done)) { step = step with { Eval = Evaluate(done, cancellation) }; }
                report(step);
                foreach (var warning in warnings.After(step.Columns())) { Warn(warning); }
                if (_config.IsSaveStep(done)) { Save(done); }
            }
            _run.Complete(_config.SaveTotalLimit);
        }
        catch (OperationCanceledException) when (done > _run.LastStep)
        {
            Save(done);
            throw;
        }
    }

    private void WriteMetrics(IReadOnlyList<(string Name, double? Value)> columns) => _run.WriteMetrics([.. columns, .. HeldOutEval.NoColumns(_config.EvalKs)]);

    // Into the last row of metrics.csv.
    private HeldOutEval Evaluate(int step, CancellationToken cancellation)
    {
        var eval = Examiner!.Examine(_run, step, cancellation);
        _run.CompleteMetrics(eval.Columns());
        return eval;
    }

    private void Save(int step) => _run.Save(step, _model, Optimizer, _sourceFolder, _config.SaveTotalLimit);
}
