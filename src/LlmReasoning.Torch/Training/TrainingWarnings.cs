using System.Globalization;

namespace LlmReasoning.Torch.Training;

/// <summary>Says in words what users of a training run stumble over, each once.</summary>
/// <param name="maxGradNorm">max_grad_norm.</param>
/// <param name="updatesPerBatch">How often each batch trains.</param>
public sealed class TrainingWarnings(double maxGradNorm, int updatesPerBatch)
{
    private const int Window = 40;

    private readonly List<IReadOnlyDictionary<string, double?>> _recent = [];
    private readonly HashSet<string> _said = [];

    /// <summary>What there is to say after this row that has not been said.</summary>
    /// <param name="row">As it goes to metrics.csv.</param>
    public IReadOnlyList<string> After(IReadOnlyList<(string Name, double? Value)> row)
    {
        _recent.Add(row.ToDictionary(column => column.Name, column => column.Value));
        if (_recent.Count > Window) { _recent.RemoveAt(0); }
        return [.. Of(_recent, maxGradNorm, updatesPerBatch).Where(warning => _said.Add(warning.Key)).Select(warning => warning.Text)];
    }

    /// <summary>All that holds of the steps given, oldest first. A column that a row lacks holds nothing.</summary>
    internal static IEnumerable<(string Key, string Text)> Of(IReadOnlyList<IReadOnlyDictionary<string, double?>> steps, double maxGradNorm, int updatesPerBatch)
    {
        double[] Last(string name, int count) => [.. steps.TakeLast(count).Select(row => row.GetValueOrDefault(name)).OfType<double>()];
        bool Always(string name, int count, Func<double, bool> holds) => Last(name, count) is var values && values.Length == count && values.All(holds);

        if (Always("groups/mixed", 3, share => share == 0))
        {
            var right = Last("groups/all_right", 3).Average();
            yield return right >= 0.5
                ? ("all right", "no group of the last 3 steps was mixed, and most were all right: nothing is left to learn from these problems; choose harder ones")
                : ("all wrong", "no group of the last 3 steps was mixed, and most were all wrong: equal rewards have no advantage, so nothing trains; choose easier problems, raise num_generations, or look at samples/ and the template");
        }
        else if (Always("grad_norm", 3, norm => norm == 0))
        {
            yield return ("no gradient", "grad_norm was 0 in the last 3 steps: nothing trains, whatever the rewards do");
        }
        if (Always("learning_rate", 5, rate => rate == 0))
        {
            yield return ("no learning rate", "learning_rate was 0 in the last 5 steps: the weights do not move; look at learning_rate, lr_scheduler_type and warmup_steps");
        }
        if (updatesPerBatch == 1 && steps[^1].ContainsKey("reward") && Always("loss", 3, loss => Math.Abs(loss) < 0.01) && Always("grad_norm", 3, norm => norm > 0))
        {
            yield return ("loss", "the loss is near 0 by design: with one update a batch every ratio is 1 and the advantages of a group cancel; watch reward, accuracy and grad_norm instead");
        }
        if (Last("completions/clipped_ratio", 5) is { Length: 5 } cut && cut.Average() >= 0.9)
        {
            yield return ("truncated", Text($"{cut.Average():P0} of the completions of the last 5 steps were cut at the limit, before any answer could end: raise max_completion_length, or look in samples/ whether the model ever writes a stop token"));
        }
        if (Last("grad_norm", 20) is { Length: 20 } norms && norms.Count(norm => norm > maxGradNorm) is > 10 and var clipped)
        {
            yield return ("clipped", Text($"max_grad_norm = {maxGradNorm} clipped {clipped} of the last 20 steps: the step size is set by it, not by learning_rate; raise it to the usual grad_norm of {norms.Order().ElementAt(10):G2} or lower learning_rate"));
        }
        if (Trend(Last("reward", Window)) is { } reward && Trend(Last("accuracy", Window)) is { } accuracy && reward.Rise > 3 * reward.Error && accuracy.Rise <= 0)
        {
            yield return ("reward", Text($"in the last {Window} steps the reward rose by {reward.Rise:G2} and the accuracy did not ({accuracy.Rise:+0.0 %;-0.0 %;0.0 %}): the reward is won by something other than right answers; look at samples/"));
        }
        if (Halves(Last("sampling/sampling_logp_difference/mean", 20)) is { } difference && difference.Later > 1e-3 && difference.Later > 3 * difference.Earlier)
        {
            yield return ("sampler", Text($"sampler and trainer drift apart: their log-probabilities differ by {difference.Later:G2} a token in the last 10 steps, {difference.Earlier:G2} in the 10 before; use float32 for both"));
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static (double Earlier, double Later)? Halves(double[] values) =>
        values.Length < 20 ? null : (values[..(values.Length / 2)].Average(), values[(values.Length / 2)..].Average());

    // From the first half to the second, with the standard error of the difference; null for fewer than a window.
    private static (double Rise, double Error)? Trend(double[] values)
    {
        if (values.Length < Window || Halves(values) is not { } halves) { return null; }
        var half = values.Length / 2;
        double Variance(double[] part, double mean) => part.Sum(value => (value - mean) * (value - mean)) / (part.Length - 1);
        return (halves.Later - halves.Earlier, Math.Sqrt((Variance(values[..half], halves.Earlier) + Variance(values[half..], halves.Later)) / half));
    }
}
