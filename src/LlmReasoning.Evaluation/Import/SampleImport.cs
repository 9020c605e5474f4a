using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Samples;
using LlmReasoning.Evaluation.Tables;

namespace LlmReasoning.Evaluation.Import;

/// <summary>Turns the output of other tools into samples.jsonl and problems.jsonl, so that every reply is graded anew here.</summary>
public static class SampleImport
{
    /// <summary>Writes samples.jsonl and problems.jsonl. Replies of one problem are numbered in the order in which they come, over all files.</summary>
    /// <param name="paths">Files of one model and one setting.</param>
    /// <param name="outputFolder">Made where it is missing; nothing is written where a file is faulty.</param>
    /// <param name="options">The format, and what the files do not say.</param>
    /// <param name="problems">Reference answers by id, for formats without them; empty = the files have them.</param>
    /// <exception cref="UserException">Names file and row: a faulty row, two texts or answers of one problem, a setting that the file does not say or that changes.</exception>
    public static ImportSummary Run(IReadOnlyList<string> paths, string outputFolder, ImportOptions options, IReadOnlyList<Problem> problems)
    {
        var known = problems.ToDictionary(problem => problem.Id, StringComparer.Ordinal);
        var imported = new Dictionary<string, (Problem Problem, int Count)>(StringComparer.Ordinal);
        var order = new List<string>();
        var withoutProblem = new SortedSet<string>(StringComparer.Ordinal);
        int samples = 0, withoutFinishReason = 0;
        SampleFile.Write(Path.Combine(outputFolder, "samples.jsonl"), Samples());
        Problem[] kept = [.. order.Select(id => imported[id].Problem)];
        ProblemFile.Write(Path.Combine(outputFolder, "problems.jsonl"), kept);
        return new ImportSummary(kept, samples, [.. withoutProblem], withoutFinishReason);

        IEnumerable<Sample> Samples()
        {
            foreach (var path in paths)
            {
                foreach (var (place, row) in Rows(path, options, known))
                {
                    if ((row.Problem ?? known.GetValueOrDefault(row.ProblemId)) is not { } problem)
                    {
                        withoutProblem.Add(row.ProblemId);
                        continue;
                    }
                    var settings = SettingsOf(path, row, options);
                    foreach (var reply in row.Replies) { yield return Add(path, place, problem, reply, settings); }
                }
            }
            if (samples == 0) { throw new UserException($"{string.Join(", ", paths)}: no reply to a known problem; {(withoutProblem.Count > 0 ? "name their problems by --problems, or the field of the answers by --answer-field" : "is it a file of this format?")}"); }
        }

        Sample Add(string path, string place, Problem problem, ImportedReply reply, SamplingSettings settings)
        {
            if (!imported.TryGetValue(problem.Id, out var before))
            {
                before = (problem, 0);
                order.Add(problem.Id);
            }
            if (before.Problem.Gold != problem.Gold || before.Problem.Text != problem.Text)
            {
                throw new UserException($"{path}: {place}: problem \"{problem.Id}\" has another text or answer than before; import different sets apart");
            }
            imported[problem.Id] = (before.Problem, before.Count + 1);
            samples++;
            if (reply.FinishReason is null) { withoutFinishReason++; }
            return new Sample
            {
                RunId = Path.GetFileName(path),
                ModelId = settings.ModelId,
                ProblemId = problem.Id,
                SampleIdx = before.Count,
                Seed = settings.Seed,
                TemplateId = settings.TemplateId,
                Temperature = settings.Temperature,
                TopP = settings.TopP,
                TopK = settings.TopK,
                MaxNewTokens = settings.MaxNewTokens,
                PromptTokens = 0,
                CompletionTokens = reply.Tokens ?? 0,
                CompletionChars = reply.Text.Length,
                FinishReason = reply.FinishReason ?? "stop",
                Text = reply.Text,
            };
        }
    }

    /// <summary>Rows with their places; mistakes as errors that name file and row.</summary>
    private static IEnumerable<(string Place, ImportedRow Row)> Rows(string path, ImportOptions options, IReadOnlyDictionary<string, Problem> known)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var idOfText = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var row in TableFile.Rows(path))
        {
            ImportedRow? imported;
            try
            {
                if (row.Fault is { } fault) { throw new FormatException(fault); }
                imported = options.Format switch
                {
                    ImportFormat.Lighteval => LightevalRows.Read(row, path),
                    ImportFormat.LmEval => LmEvalRows.Read(row, path, seen),
                    ImportFormat.LimitOfRlvr => LimitOfRlvrRows.Read(row, path),
                    _ => PlainRows.Read(row, path, known, options.Fields, idOfText),
                };
                var unknown = imported?.Replies.FirstOrDefault(reply => reply.FinishReason is not (null or "eos" or "stop" or "length" or "error")).FinishReason;
                if (unknown is not null) { throw new FormatException($"finish_reason is \"{unknown}\"; it is one of eos, stop, length, error"); }
            }
            catch (Exception e) when (e is FormatException or InvalidOperationException)      // the latter: a JSON value of another type
            {
                throw new UserException($"{path}: {row.Place}: {e.Message}", e);
            }
            if (imported is not null) { yield return (row.Place, imported); }
        }
    }

    private static SamplingSettings SettingsOf(string path, ImportedRow row, ImportOptions options) => new()
    {
        ModelId = options.ModelId,
        TemplateId = options.TemplateId,
        Seed = options.Seed,
        Temperature = options.Temperature ?? row.Temperature ?? throw new UserException($"{path}: does not say at which temperature it was sampled; give it by --temperature"),
        TopP = options.TopP ?? row.TopP ?? 1,
        TopK = options.TopK ?? row.TopK ?? 0,
        MaxNewTokens = options.MaxNewTokens ?? row.MaxNewTokens ?? 0,
    };
}
