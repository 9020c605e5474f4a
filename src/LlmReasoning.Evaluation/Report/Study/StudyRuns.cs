using LlmReasoning.Evaluation.Comparison;

namespace LlmReasoning.Evaluation.Report.Study;

/// <summary>The evaluations of a study: of every arm and seed on the test problems, a second sample of the base there, and what there is on the train problems.</summary>
internal sealed class StudyRuns
{
    private readonly Dictionary<(string Arm, string Part), StudyEvaluation[]> _evaluations = [];

    private StudyRuns(string folder, StudyFile file, IReadOnlyList<long> seeds)
    {
        (Folder, File, Seeds) = (folder, file, seeds);
    }

    public string Folder { get; }

    public StudyFile File { get; }

    /// <summary>Those whose evaluations are used.</summary>
    public IReadOnlyList<long> Seeds { get; }

    /// <summary>Evaluated on the test problems, in the paper's order; the base is the first.</summary>
    public IReadOnlyList<string> Arms { get; private set; } = [];

    /// <summary>What is missing, one sentence each.</summary>
    public IReadOnlyList<string> Warnings { get; private set; } = [];

    public int Problems => Test(Arm.Base)[0].Counts.Problems.Count;

    /// <summary>Samples a test problem.</summary>
    public int N => Test(Arm.Base)[0].Counts.N;

    public bool HasControl => _evaluations.ContainsKey((Arm.Base, "control"));

    /// <summary>By seed; of <see cref="Arm.Control"/> the second sample of the base.</summary>
    public IReadOnlyList<StudyEvaluation> Test(string arm) => arm == Arm.Control ? _evaluations[(Arm.Base, "control")] : _evaluations[(arm, "test")];

    public bool Has(string arm) => arm == Arm.Control ? HasControl : Arms.Contains(arm);

    /// <summary>On the train problems, by seed; null where some seed lacks it.</summary>
    public IReadOnlyList<StudyEvaluation>? Train(string arm) => _evaluations.GetValueOrDefault((arm, "train"));

    /// <summary>A folder of one arm and seed, such as "run", whether it exists or not.</summary>
    public string FolderOf(long seed, string arm, string part) => Path.Combine(Folder, $"seed-{seed}", arm, part);

    /// <summary>Reads a study's folder. Seeds without all arms are left out as long as some seed is whole.</summary>
    /// <exception cref="UserException">No seed with an evaluation of the base, faulty files, evaluations of other problems.</exception>
    public static StudyRuns Read(string folder)
    {
        var file = StudyFile.Read(folder);
        string PathOf(long seed, string arm, string part) => Path.Combine(folder, $"seed-{seed}", arm, part);
        bool Has(long seed, string arm, string part) => System.IO.File.Exists(Path.Combine(PathOf(seed, arm, part), "problems.csv"));
        string[] arms = [.. file.Arms.Append(Arm.Base).Distinct().OrderBy(Arm.Order)];
        long[] whole = [.. file.Seeds.Where(seed => arms.All(arm => Has(seed, arm, "test")))];
        long[] seeds = whole.Length > 0 ? whole : [.. file.Seeds.Where(seed => Has(seed, Arm.Base, "test"))];
        if (seeds.Length == 0) { throw new UserException($"{PathOf(file.Seeds[0], Arm.Base, "test")}: no evaluation of the base (problems.csv); the report compares with it, go on with study run"); }

        var runs = new StudyRuns(folder, file, seeds);
        List<string> warnings = [.. file.Seeds.Except(seeds).Select(seed => $"Seed {seed} is left out: its evaluations are not all there.")];
        foreach (var (arm, part) in arms.SelectMany(arm => new[] { (arm, "test"), (arm, "train") }).Append((Arm.Base, "control")))
        {
            if (!seeds.All(seed => Has(seed, arm, part))) { continue; }
            runs._evaluations.Add((arm, part), [.. seeds.Select(seed => StudyEvaluation.Read(PathOf(seed, arm, part)))]);
        }
        runs.Arms = [.. arms.Where(arm => runs._evaluations.ContainsKey((arm, "test")))];
        warnings.AddRange(arms.Except(runs.Arms).Select(arm => $"{Arm.Name(arm)} is left out: {arm}/test is missing."));
        if (!runs.HasControl) { warnings.Add("There is no second sample of the base (base/control): what chance alone gains and loses is not known."); }
        runs.Warnings = warnings;
        runs.RequireSameProblems();
        return runs;
    }

    /// <summary>All seeds of an arm as one evaluation: every problem once a seed. Counts and means over it are sums and means over seeds.</summary>
    public EvaluatedModel Pooled(string arm)
    {
        var evaluations = Test(arm);
        return evaluations[0].Counts with
        {
            Name = Arm.Name(arm),
            Problems = [.. evaluations.SelectMany((evaluation, s) => evaluation.Counts.Problems.Select(problem =>
                Seeds.Count == 1 ? problem : problem with { ProblemId = $"{problem.ProblemId}, seed {Seeds[s]}" }))],
        };
    }

    /// <summary>Rows for <see cref="SeedBootstrap"/>: one for each seed and problem of the test set.</summary>
    /// <param name="row">Of the place of a seed and the place of a problem.</param>
    public double[][][] Rows(Func<int, int, double[]> row) =>
        [.. Enumerable.Range(0, Seeds.Count).Select(s => Enumerable.Range(0, Problems).Select(i => row(s, i)).ToArray())];

    private void RequireSameProblems()
    {
        var first = Test(Arm.Base)[0].Counts;
        var ids = first.Problems.Select(problem => problem.ProblemId).ToArray();
        foreach (var ((_, part), evaluations) in _evaluations)
        {
            if (part == "train") { continue; }
            foreach (var counts in evaluations.Select(evaluation => evaluation.Counts))
            {
                if (!counts.Problems.Select(problem => problem.ProblemId).SequenceEqual(ids))
                {
                    throw new UserException($"{counts.Folder}: its problems are not those of {first.Folder}; evaluate every arm and seed on the same test problems");
                }
                if (counts.N != first.N || counts.LargestN != first.N)
                {
                    throw new UserException($"{counts.Folder}: n is {counts.LargestN}, but {first.N} in {first.Folder}; what is solved in n samples can only be compared at equal n");
                }
            }
        }
    }
}
