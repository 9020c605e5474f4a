using LlmReasoning.Torch.Interop;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Distillation;

/// <summary>Forward and backward of a micro-batch under a config's loss.</summary>
/// <remarks>Axes: B rows, T tokens, n tokens of a chunk, V vocabulary.</remarks>
/// <param name="teacher">Needed by jsd and minillm.</param>
public sealed class DistillLoss(CausalLM student, CausalLM? teacher, DistillConfig config)
{
    private readonly double _temperature = config.DivergenceTemperature ?? config.Temperature;

    /// <summary>Adds the gradients of the micro-batch's share of the step's loss.</summary>
    /// <param name="divisor">Trained tokens of the whole optimizer step.</param>
    /// <returns>The share.</returns>
    public double Backward(IReadOnlyList<TrainingRow> rows, double divisor)
    {
        using var scope = NewDisposeScope();
        var (ids, documents, targets) = TrainingRow.ToTensors(rows, student.Device);
        return config.Loss switch
        {
            DistillLossType.Nll => Supervised(SftLossType.Nll),
            DistillLossType.Dft => Supervised(SftLossType.Dft),
            DistillLossType.Jsd => Exact((own, others) => Of(own, others).sum().Over(divisor)),
            _ => PolicyGradient(ids, targets, divisor) + (config.SingleStepDecomposition ? Exact((own, others) => Reverse(own, others).sum().Over(divisor)) : 0),
        };

        double Supervised(SftLossType type) => MicroBatch.BackwardPerToken(student, ids, documents, targets, logProbs => SftLoss.Compute(logProbs, divisor, type));

        double Exact(Func<Tensor, Tensor, Tensor> divergence) => MicroBatch.BackwardDivergence(
            student, teacher!, ids, documents, targets, (own, others) => Shared(own, others, divergence));
    }

    private Tensor Of(Tensor own, Tensor others) => config.DistillationTopk is { } k && k < own.shape[1]
        ? Divergence.TopK(own, others, k, config.Beta, config.DistillationAddTail, _temperature)
        : Divergence.GeneralizedJsd(own, others, config.Beta, _temperature);

    private Tensor Reverse(Tensor own, Tensor others) => Divergence.GeneralizedJsd(own, others, beta: 1, _temperature);

    // Models of one tokenizer may pad their vocabularies to different sizes; the ids beyond the smaller one are no tokens.
    private static Tensor Shared(Tensor own, Tensor others, Func<Tensor, Tensor, Tensor> divergence)
    {
        var size = Math.Min(own.shape[1], others.shape[1]);
        return divergence(own.narrow(1, 0, size), others.narrow(1, 0, size));
    }

    // -A r, with the ratio r = 1 of samples that the student has just drawn.
    private double PolicyGradient(Tensor ids, Tensor targets, double divisor)
    {
        var (teacherLogProbs, _) = MicroBatch.LogProbsOf(teacher!, ids, null, targets, _temperature);
        var completionsFirst = CompletionsFirst(targets);
        return MicroBatch.Backward(student, ids, null, targets, _temperature, withEntropies: false, (logProbs, _) =>
        {
            var own = logProbs.gather(1, completionsFirst);
            var mask = targets.gather(1, completionsFirst);
            var advantages = MiniLlm.Advantages(own, teacherLogProbs.gather(1, completionsFirst), mask, config.Gamma, config.LengthNormalization);
            return ((own - own.detach()).exp() * advantages).sum().Over(-divisor);
        });
    }

    // Columns [B, T] that turn every row so that its completion comes first: powers of gamma count from there.
    private static Tensor CompletionsFirst(Tensor targets)
    {
        var tokens = targets.shape[1];
        var starts = targets.argmax(1, keepdim: true);
        return Arithmetic.Range(tokens, targets.device).unsqueeze(0).Plus(starts).Modulo(tokens);
    }
}
