namespace LlmReasoning.Evaluation.Problems.Synthetic;

/// <summary>The embedded problem family: small arithmetic problems with worked solutions, deterministic from seed, split and index.</summary>
public static class SyntheticProblems
{
    /// <summary>So many repeats in a row of one topic and level: its texts are used up.</summary>
    private const int RepeatLimit = 1000;

    /// <summary>A set of distinct problems; topic and level follow a fixed schedule of 40 slots.</summary>
    /// <param name="seed">Any whole number.</param>
    /// <param name="split">test, train or pretrain.</param>
    /// <param name="count">1 or more; the test split holds about 1,800 distinct problems at this schedule.</param>
    /// <exception cref="UserException">An unknown split, a count below 1 or above what the family holds.</exception>
    public static IReadOnlyList<SyntheticProblem> Set(long seed, string split, int count)
    {
        RequireSplit(split);
        if (count < 1) { throw new UserException($"count is {count}; it must be 1 or more"); }
        var problems = new List<SyntheticProblem>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var repeats = 0;
        for (var index = 0; problems.Count < count; index++)
        {
            var problem = Draw(seed, split, index);
            if (seen.Add(problem.Text))
            {
                problems.Add(problem);
                repeats = 0;
                continue;
            }
            if (++repeats > RepeatLimit)
            {
                throw new UserException($"count is {count}; the {split} split runs out of new {problem.Topic} problems of level {problem.Level} after {problems.Count}; ask for fewer");
            }
            index += Topics.Schedule.Count - 1;            // the same topic and level, another draw
        }
        return problems;
    }

    /// <summary>Examples start, start + 1, ... of the pretraining corpus, which has no end; drawn as they are taken.</summary>
    public static IEnumerable<CorpusExample> Corpus(long seed, long start, int count)
    {
        for (var i = 0; i < count; i++)
        {
            yield return Synthetic.Corpus.Draw(seed, start + i);
        }
    }

    /// <summary>The careful solution, right on every problem.</summary>
    public static string Teacher(SyntheticProblem problem) =>
        Solutions.Write(problem, problem.Kind == ProblemKind.Inverse ? Method.Undo : Method.Steps);

    /// <summary>
    /// Writes a set as jsonl: test and train as problems {id, problem, answer, level, topic, solution}, pretrain as corpus examples {id, prompt, response}.
    /// </summary>
    /// <exception cref="UserException">As <see cref="Set"/>.</exception>
    public static void Write(string path, string split, int count, long seed)
    {
        RequireSplit(split);
        if (count < 1) { throw new UserException($"count is {count}; it must be 1 or more"); }
        var lines = split == Split.Pretrain ? Corpus(seed, 0, count).Select(Line) : Set(seed, split, count).Select(Line);
        var json = new JsonLine();
        AtomicFile.Write(path, stream =>
        {
            foreach (var line in lines)
            {
                line(json);
                stream.Write(json.End());
            }
        });
    }

    private static Action<JsonLine> Line(CorpusExample example) => json =>
    {
        json.Begin();
        json.Text("id"u8, example.Id);
        json.Text("prompt"u8, example.Prompt);
        json.Text("response"u8, example.Response);
    };

    private static Action<JsonLine> Line(SyntheticProblem problem) => json =>
    {
        json.Begin();
        json.Text("id"u8, problem.Id);
        json.Text("problem"u8, problem.Text);
        json.Text("answer"u8, $"{problem.Answer}");
        json.Number("level"u8, problem.Level);
        json.Text("topic"u8, problem.Topic);
        json.Text("solution"u8, Teacher(problem));
    };

    private static SyntheticProblem Draw(long seed, string split, int index)
    {
        var (topic, level) = Topics.Schedule[index % Topics.Schedule.Count];
        for (var attempt = 0; ; attempt++)
        {
            var problem = Topics.Draw(new SplitMix64(seed, split, index, attempt), topic, level, isCorpus: false);
            if (Split.Of(problem.Text) == split) { return problem with { Id = $"{split}-{seed}-{index:D5}" }; }
        }
    }

    private static void RequireSplit(string split)
    {
        if (split is not (Split.Test or Split.Train or Split.Pretrain)) { throw new UserException($"split is \"{split}\"; use test, train or pretrain"); }
    }
}
