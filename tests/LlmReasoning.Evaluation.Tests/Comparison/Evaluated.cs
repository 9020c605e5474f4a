using System.Text;

namespace LlmReasoning.Evaluation.Tests.Comparison;

/// <summary>Evaluation folders made from success counts.</summary>
internal static class Evaluated
{
    /// <summary>Writes problems.csv, and summary.json where a temperature is given.</summary>
    public static string Write(TemporaryFolder folder, string name, int n, IEnumerable<(string Id, int C)> problems, double? temperature = null, long seed = 0)
    {
        var path = folder.File(name);
        Directory.CreateDirectory(path);
        var csv = new StringBuilder("problem_id,level,subject,n,c,rate\r\n");
        foreach (var (id, c) in problems) { csv.Append(FormattableString.Invariant($"{id},1,\"a, b\",{n},{c},{(double)c / n}\r\n")); }
        File.WriteAllText(Path.Combine(path, "problems.csv"), csv.ToString());
        if (temperature is { } known)
        {
            File.WriteAllText(Path.Combine(path, "summary.json"), FormattableString.Invariant($$"""
                {"dataset": "toy", "scorer": "lenient", "problems": 3, "sampling": {"model_id": "models/{{name}}", "template_id": "plain", "seed": {{seed}},
                 "temperature": {{known}}, "top_p": 1, "top_k": 50, "max_new_tokens": 72} }
                """));
        }
        return path;
    }
}
