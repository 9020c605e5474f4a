using System.Globalization;
using System.Text;
using System.Text.Json;
using LlmReasoning.Evaluation.Samples;
using LlmReasoning.Evaluation.Tests.Samples;

namespace LlmReasoning.Evaluation.Tests.Report.Study;

/// <summary>Correct samples by (seed, arm) and problem; the arm "control" is the second sample of the base.</summary>
internal sealed class Counts : Dictionary<(int Seed, string Arm), IReadOnlyList<int>>
{
    public IEnumerable<int> Seeds => Keys.Select(key => key.Seed).Distinct().Order();
}

/// <summary>Study folders made from success counts.</summary>
internal static class StudyFolder
{
    public const int N = 256;

    public static readonly string[] Arms = ["base", "rlvr", "base-base", "base-rlvr", "rlvr-rlvr", "reasoning-only", "new-knowledge"];

    /// <summary>Writes study.json, problems.csv of every evaluation, and two samples a problem of base, RLVR and control.</summary>
    /// <param name="folder">Holds the study.</param>
    /// <param name="counts">Of N samples.</param>
    /// <param name="looks">Mean tokens of an arm's responses, and one in how many of them says "wait".</param>
    /// <param name="problemFile">Named in the base's config.yaml, or null.</param>
    public static string Write(TemporaryFolder folder, Counts counts, Func<string, (double Tokens, int WaitEvery)> looks, string? problemFile = null, string name = "toy", bool isSynthetic = true)
    {
        var study = folder.File("study");
        Directory.CreateDirectory(study);
        File.WriteAllText(Path.Combine(study, "study.json"), JsonSerializer.Serialize(new { name, model = "tiny", synthetic = isSynthetic, seeds = counts.Seeds, arms = Arms, k = N }));
        foreach (var ((seed, arm), correct) in counts)
        {
            var target = Path.Combine(study, $"seed-{seed}", arm == "control" ? "base" : arm, arm == "control" ? "control" : "test");
            Directory.CreateDirectory(target);
            var (tokens, waitEvery) = looks(arm);
            var csv = new StringBuilder("problem_id,level,subject,n,c,maj_correct,entropy,mean_tokens\r\n");
            for (var i = 0; i < correct.Count; i++)
            {
                csv.Append(CultureInfo.InvariantCulture, $"{Id(i)},1,sums,{N},{correct[i]},{(correct[i] > N / 2 ? 1 : 0)},{(N - correct[i]) / (double)N},{tokens + i % 3}\r\n");
            }
            File.WriteAllText(Path.Combine(target, "problems.csv"), csv.ToString());
            if (problemFile is not null) { File.WriteAllText(Path.Combine(target, "config.yaml"), $"problems: {problemFile}\nseed: {seed}\nnum_iterations: 1\n"); }
            if (arm is not ("base" or "rlvr" or "control")) { continue; }
            Drawn.Write(Path.Combine(target, "samples.jsonl"), from i in Enumerable.Range(0, correct.Count)
                                                               from index in Enumerable.Range(0, 2)
                                                               select Of(i, index, arm, seed, (2 * i + index) % waitEvery == 0));
        }
        return study;
    }

    public static string Id(int problem) => $"p{problem:D3}";

    private static Sample Of(int problem, int index, string arm, int seed, bool says) =>
        Drawn.Sample(Id(problem), index, $"{(says ? "wait, " : "")}so \\boxed{{{index}}}") with { ModelId = arm, Seed = arm == "control" ? 1000 + seed : seed };
}
