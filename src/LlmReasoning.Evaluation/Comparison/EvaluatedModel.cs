using System.Globalization;
using CsvHelper;
using LlmReasoning.Evaluation.Metrics;

namespace LlmReasoning.Evaluation.Comparison;

/// <summary>One evaluation as its folder tells it: the success counts of problems.csv, and the settings of summary.json.</summary>
public sealed record EvaluatedModel
{
    public required string Folder { get; init; }

    /// <summary>For tables and legends.</summary>
    public required string Name { get; init; }

    /// <summary>Samples a problem; of the problem with the fewest, where they differ.</summary>
    public required int N { get; init; }

    /// <summary>n and c by problem, ordered by id so that the order of the file plays no part.</summary>
    public required IReadOnlyList<ProblemResult> Problems { get; init; }

    /// <summary>Null where the folder has no summary.json.</summary>
    public EvaluationSettings? Settings { get; init; }

    /// <summary>Reads an evaluation folder.</summary>
    /// <exception cref="UserException">Names file and line: missing or faulty problems.csv, c above n, an id twice, n that differ.</exception>
    public static EvaluatedModel Read(string folder)
    {
        if (!Directory.Exists(folder)) { throw new UserException($"{folder}: no such folder; name the output folder of eval passk"); }
        var problems = ReadProblems(Path.Combine(folder, "problems.csv"));
        var settings = EvaluationSettings.Read(Path.Combine(folder, "summary.json"));
        return new EvaluatedModel
        {
            Folder = folder,
            Name = settings?.ModelName ?? LastPart(folder),
            N = problems.Min(problem => problem.N),
            Problems = problems,
            Settings = settings,
        };
    }

    /// <summary>Reads several evaluations, named by their models; by their folders where two have one model; by their paths where that is not enough.</summary>
    /// <param name="folders">Evaluation folders.</param>
    /// <param name="names">Names to use instead, as many as folders; empty = none.</param>
    /// <exception cref="UserException">As <see cref="Read"/>; names that are too few, too many or the same.</exception>
    public static IReadOnlyList<EvaluatedModel> ReadAll(IReadOnlyList<string> folders, IReadOnlyList<string> names)
    {
        EvaluatedModel[] models = [.. folders.Select(Read)];
        if (names.Count > 0)
        {
            if (names.Count != models.Length || names.Distinct(StringComparer.Ordinal).Count() < names.Count)
            {
                throw new UserException($"names is {string.Join(", ", names)}; give {models.Length} different ones, in the order base, models, control");
            }
            return [.. models.Zip(names, (model, name) => model with { Name = name })];
        }
        string[][] candidates = [[.. models.Select(model => model.Name)], [.. folders.Select(LastPart)], [.. folders]];
        var distinct = candidates.FirstOrDefault(some => some.Distinct(StringComparer.Ordinal).Count() == some.Length) ?? [.. folders.Select((folder, i) => $"{folder} ({i + 1})")];
        return [.. models.Zip(distinct, (model, name) => model with { Name = name })];
    }

    /// <summary>The same with <paramref name="n"/> of the samples, drawn without replacement.</summary>
    /// <remarks>Samples of a problem are exchangeable, so that drawing from the count is drawing from the samples.</remarks>
    /// <param name="n">1..N; N leaves all as it is.</param>
    /// <param name="key">What the draw is keyed by, beside the problem's id: seed and role.</param>
    internal EvaluatedModel Subsample(int n, params object[] key) =>
        this with { N = n, Problems = [.. Problems.Select(problem => problem.N == n ? problem : problem with { N = n, C = CorrectOf(problem, n, key) })] };

    /// <summary>Of the problem with the most samples.</summary>
    internal int LargestN => Problems.Max(problem => problem.N);

    /// <summary>How many of n samples, drawn from the problem's without replacement, are correct.</summary>
    internal static int CorrectOf(ProblemResult problem, int n, params object[] key)
    {
        var random = new SplitMix64([.. key, problem.ProblemId]);
        var correct = 0;
        for (var drawn = 0; drawn < n; drawn++)
        {
            if (random.Below(problem.N - drawn) < problem.C - correct) { correct++; }
        }
        return correct;
    }

    private static string LastPart(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));

    private static ProblemResult[] ReadProblems(string path)
    {
        if (!File.Exists(path)) { throw new UserException($"{path}: file not found; eval passk writes it, name its output folder"); }
        var problems = new SortedDictionary<string, ProblemResult>(StringComparer.Ordinal);
        try
        {
            using var stream = RegularFile.OpenRead(path);
            using var csv = CsvReader.Create(stream, CsvReaderOptions.Default with { TrackLineNumbers = true }, false);
            while (csv.Read())
            {
                var problem = ReadProblem(csv, path);
                if (!problems.TryAdd(problem.ProblemId, problem)) { throw Fault(path, csv, $"problem_id is \"{problem.ProblemId}\" a second time; keep one row a problem"); }
            }
        }
        catch (Exception e) when (e is CsvFormatException or CsvValidationException or IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{path}: cannot be read ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')}); write it anew with eval passk", e);
        }
        return problems.Count > 0 ? [.. problems.Values] : throw new UserException($"{path}: holds no problem; write it anew with eval passk");
    }

    private static ProblemResult ReadProblem(CsvReader csv, string path)
    {
        foreach (var column in new[] { "problem_id", "n", "c" })
        {
            if (!csv.TryGetFieldIndex(column, out _)) { throw new UserException($"{path}: column {column} is missing; problem_id, n and c are needed"); }
        }
        var id = csv.GetString("problem_id");
        if (id.Length == 0) { throw Fault(path, csv, "problem_id is empty; every problem needs its own"); }
        int n = Count("n"), c = Count("c");
        if (n < 1) { throw Fault(path, csv, "n is 0; leave out problems without samples"); }
        if (c > n) { throw Fault(path, csv, $"c is {c}, more than n = {n}; c counts the correct ones of n samples"); }
        return new ProblemResult { ProblemId = id, Level = Text("level"), Topic = Text("subject"), N = n, C = c };

        int Count(string column)
        {
            var text = csv.GetString(column);
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                ? count
                : throw Fault(path, csv, $"{column} is \"{text}\"; a whole number from 0 on is expected");
        }

        string? Text(string column) => csv.TryGetFieldIndex(column, out var index) && csv.GetString(index) is { Length: > 0 } text ? text : null;
    }

    private static UserException Fault(string path, CsvReader csv, string message) => new($"{path}: line {csv.LineNumber}: {message}");
}
