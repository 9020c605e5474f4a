namespace LlmReasoning.Cli.Study;

/// <summary>How long stages will take: what the machine's speed says, times how much longer than that stages of the same kind took. Of a kind that has not been seen the speed alone speaks, as in the plan.</summary>
internal sealed class TimeLeft(Speed speed)
{
    private readonly Dictionary<StageKind, (double Taken, double Foreseen)> _seen = [];

    /// <summary>In seconds.</summary>
    public double Of(IEnumerable<Stage> stages) => stages.Sum(stage => speed.SecondsOf(stage) * (_seen.TryGetValue(stage.Kind, out var seen) ? seen.Taken / seen.Foreseen : 1));

    /// <summary>Takes account of a stage that was made from its beginning to its end.</summary>
    public void Took(Stage stage, double seconds)
    {
        var seen = _seen.GetValueOrDefault(stage.Kind);
        _seen[stage.Kind] = (seen.Taken + seconds, seen.Foreseen + speed.SecondsOf(stage));
    }
}
