using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Scoring;

/// <summary>Log-probabilities of given texts under a model.</summary>
public static class Scorer
{
    /// <summary>Tokens of one pass, padding included.</summary>
    private const int TokensPerPass = 4096;

    /// <summary>log p(token t | tokens before it) for t = 1, 2, ... of each row; natural logarithm. The first token has none.</summary>
    /// <param name="model">The scorer.</param>
    /// <param name="rows">Token ids, prompt and completion together; each at least one.</param>
    /// <param name="report">Called with the number of rows done.</param>
    /// <param name="cancellation">Looked at between passes.</param>
    /// <returns>For each row an array one shorter than it.</returns>
    /// <exception cref="UserException">A row is empty, longer than the model's context, or has an id outside its vocabulary.</exception>
    public static float[][] LogProbs(CausalLM model, IReadOnlyList<IReadOnlyList<int>> rows, Action<int>? report = null, CancellationToken cancellation = default)
    {
        for (var i = 0; i < rows.Count; i++) { Check(model.Config, rows[i], $"text {i + 1}"); }
        using var noGrad = no_grad();
        var results = new float[rows.Count][];
        var done = 0;
        foreach (var batch in TokenBudget.Cut(Enumerable.Range(0, rows.Count), index => rows[index].Count, TokensPerPass))
        {
            cancellation.ThrowIfCancellationRequested();
            Score(model, rows, batch, results);
            report?.Invoke(done += batch.Count);
        }
        return results;
    }

    private static void Score(CausalLM model, IReadOnlyList<IReadOnlyList<int>> rows, List<int> batch, float[][] results)
    {
        using var scope = NewDisposeScope();
        var width = batch.Max(index => rows[index].Count);
        var ids = new long[batch.Count * width];    // right padded: causal attention never looks there
        for (var row = 0; row < batch.Count; row++)
        {
            for (var column = 0; column < rows[batch[row]].Count; column++) { ids[row * width + column] = rows[batch[row]][column]; }
        }
        var inputs = tensor(ids, [batch.Count, width], device: model.Device);
        var hidden = model.Hidden(inputs).narrow(1, 0, width - 1);
        var (logProbs, _) = TokenLogProbs.Of(model, hidden.reshape(-1, hidden.shape[2]), inputs.narrow(1, 1, width - 1).reshape(-1));
        float[] host = [.. logProbs.cpu().data<float>()];
        if (host.Any(float.IsNaN)) { throw new UserException("the scorer's log-probabilities are not finite: its weights are broken; download them again"); }
        for (var row = 0; row < batch.Count; row++)
        {
            results[batch[row]] = host.AsSpan(row * (width - 1), rows[batch[row]].Count - 1).ToArray();
        }
    }

    /// <summary>Whether the model can score a row.</summary>
    /// <param name="config">The model's.</param>
    /// <param name="row">Token ids.</param>
    /// <param name="name">Of the row, for the message.</param>
    /// <exception cref="UserException">As <see cref="LogProbs"/>.</exception>
    public static void Check(ModelConfig config, IReadOnlyList<int> row, string name)
    {
        if (row.Count == 0) { throw new UserException($"{name}: the text has no tokens; leave it out"); }
        if (row.Count > config.MaxPositionEmbeddings)
        {
            throw new UserException($"{name}: the text has {row.Count} tokens and the scorer's context is {config.MaxPositionEmbeddings}; shorten it or leave it out");
        }
        if (row.Any(id => id < 0 || id >= config.VocabSize))
        {
            throw new UserException($"{name}: token id {row.First(id => id < 0 || id >= config.VocabSize)} is outside the scorer's vocabulary of {config.VocabSize}; the ids are another model's");
        }
    }
}
