namespace LlmReasoning.Evaluation.Problems.Synthetic;

/// <summary>One example of the pretraining corpus.</summary>
/// <param name="Id">corpus-SEED-INDEX.</param>
/// <param name="Prompt">The problem text and a line feed.</param>
/// <param name="Response">A worked solution, often a wrong one.</param>
public sealed record CorpusExample(string Id, string Prompt, string Response)
{
    internal const string Hint = " Work backwards.";

    /// <summary>The prompt without the hint that some have.</summary>
    public string Problem
    {
        get
        {
            var text = Prompt.TrimEnd('\n');
            return text.EndsWith(Hint, StringComparison.Ordinal) ? text[..^Hint.Length] : text;
        }
    }
}

/// <summary>The pretraining corpus: methods of unequal reliability, in place of a web corpus.</summary>
internal static class Corpus
{
    private const double DrillShare = 0.08;
    private const double HintedShare = 0.08;

    public static CorpusExample Draw(long seed, long index)
    {
        var random = new SplitMix64(seed, "corpus", index);
        var (prompt, response) = Draw(random);
        return new CorpusExample($"corpus-{seed}-{index:D6}", prompt + "\n", response);
    }

    private static (string Prompt, string Response) Draw(SplitMix64 random)
    {
        var u = random.Uniform();
        if (u < DrillShare) { return Drill(random); }

        var problem = DrawProblem(random);
        if (u < DrillShare + HintedShare)
        {
            while (problem.Kind != ProblemKind.Inverse) { problem = DrawProblem(random); }
            return (problem.Text + CorpusExample.Hint, SyntheticProblems.Teacher(problem));
        }
        if (random.Uniform() < UndoShare(problem)) { return (problem.Text, SyntheticProblems.Teacher(problem)); }

        int? size = problem.Unit is { } unit ? UnitTable.DrawSize(random, unit) : null;
        var (steps, fast, think) = MethodShares(problem.Level);
        var method = random.Weighted((Method.Steps, steps), (Method.Fast, fast), (Method.Think, think));
        return (problem.Text, Solutions.Write(problem, method, size));
    }

    private static SyntheticProblem DrawProblem(SplitMix64 random)
    {
        var (topic, level) = random.Pick(Topics.CorpusSchedule);
        while (true)
        {
            var problem = Topics.Draw(random, topic, level, isCorpus: true);
            if (Split.Of(problem.Text) == Split.Pretrain) { return problem; }
        }
    }

    /// <summary>One operation of arithmetic, solved. A drill may read like a level 1 expression, hence the check of its split.</summary>
    private static (string Prompt, string Response) Drill(SplitMix64 random)
    {
        while (true)
        {
            var (x, operation) = DrawDrill(random);
            var question = $"{x}{operation.Symbol}{operation.Operand}";
            var prompt = $"Compute {question}.";
            if (Split.Of(prompt) != Split.Pretrain) { continue; }
            var y = operation.Apply(x);
            return (prompt, $"Steps:\n{question}={y}\n\\boxed{{{y}}}");
        }
    }

    private static (int X, Operation Operation) DrawDrill(SplitMix64 random)
    {
        var symbol = "+-*/"[random.Below(4)];
        if (symbol == '*') { return (random.Between(2, 60), new('*', random.Between(2, 9))); }
        if (symbol == '/')
        {
            var divisor = random.Between(2, 5);
            return (divisor * random.Between(3, 60), new('/', divisor));
        }
        var (x, a) = (random.Between(3, Chain.Top), random.Between(3, 39));
        return symbol == '-' && a > x ? (a, new('-', x)) : (x, new(symbol, a));
    }

    /// <summary>How often equations and riddles are solved the right way.</summary>
    private static double UndoShare(SyntheticProblem problem) => (problem.Topic, problem.Level) switch
    {
        ("equations", 4) => 0.25,
        ("equations", _) => 0.18,
        ("riddles", 4) => 0.15,
        ("riddles", _) => 0.12,
        _ => 0,
    };

    private static (double Steps, double Fast, double Think) MethodShares(int level) => level switch
    {
        1 => (0.26, 0.42, 0.32),
        2 => (0.22, 0.44, 0.34),
        3 => (0.17, 0.47, 0.36),
        4 => (0.12, 0.50, 0.38),
        _ => (0.08, 0.53, 0.39),
    };
}
