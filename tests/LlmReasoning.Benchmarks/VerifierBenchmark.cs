using System.Diagnostics;
using System.Text.Json;
using LlmReasoning.Verification;

namespace LlmReasoning.Benchmarks;

/// <summary>
/// Verdicts per second, latency percentiles and bytes allocated per verdict, on one core: the reference answers of GSM8K, MATH-500 and
/// OlympiadBench, each against responses of 2,000 characters that end in a box with the right answer, the right answer spelt otherwise,
/// or another problem's answer. Every reference is parsed once, as in training.
/// </summary>
internal static class VerifierBenchmark
{
    private const int ResponseLength = 2000;
    private const int Rounds = 5;
    private static readonly string[] DataSets = ["gsm8k", "math500", "olympiadbench"];

    /// <summary>Runs the benchmark; the only argument is the file of reference answers.</summary>
    public static void Run(string[] args)
    {
        var file = args.Length > 0 ? args[0] : Path.Combine("tests", "golden", "verifier", "gold_answers.jsonl");
        Console.WriteLine($"{"set",-14} {"pairs",7} {"verdicts/s",11} {"p50 us",8} {"p99 us",8} {"p99.9 us",9} {"max us",8} {"bytes",7} {"correct",8}");
        foreach (var dataSet in DataSets)
        {
            var pairs = Pairs(file, dataSet);
            Measure(dataSet, pairs);
        }
    }

    private static void Measure(string dataSet, List<(GoldAnswer Gold, string Response)> pairs)
    {
        var best = Enumerable.Repeat(double.MaxValue, pairs.Count).ToArray();
        var fastest = double.MaxValue;
        long bytes = 0;
        var correct = 0;
        for (var round = 0; round <= Rounds; round++)
        {
            correct = 0;
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < pairs.Count; i++)
            {
                var before = Stopwatch.GetTimestamp();
                var verdict = Verifier.Verify(pairs[i].Gold, pairs[i].Response, ExtractionPolicy.Reward);
                best[i] = Math.Min(best[i], Stopwatch.GetElapsedTime(before).TotalMicroseconds);
                if (verdict.Outcome == Outcome.Correct) { correct++; }
            }

            fastest = Math.Min(fastest, Stopwatch.GetElapsedTime(start).TotalSeconds);
            bytes = GC.GetAllocatedBytesForCurrentThread() - allocated;
        }

        Array.Sort(best);
        double At(double quantile) => best[(int)Math.Min(best.Length - 1, quantile * best.Length)];
        Console.WriteLine(
            $"{dataSet,-14} {pairs.Count,7} {pairs.Count / fastest,11:F0} {At(0.5),8:F1} {At(0.99),8:F1} {At(0.999),9:F1} {best[^1],8:F1} {bytes / pairs.Count,7} {(double)correct / pairs.Count,8:P1}");
    }

    private static List<(GoldAnswer Gold, string Response)> Pairs(string file, string dataSet)
    {
        var golds = new List<GoldAnswer>();
        foreach (var line in File.ReadLines(file))
        {
            using var row = JsonDocument.Parse(line);
            if (row.RootElement.GetProperty("dataset").GetString() == dataSet) { golds.Add(GoldAnswer.Parse(row.RootElement.GetProperty("gold").GetString()!)); }
        }

        var pairs = new List<(GoldAnswer, string)>();
        for (var i = 0; i < golds.Count; i++)
        {
            if (!golds[i].IsUsable) { continue; }
            pairs.Add((golds[i], Response(golds[i].Text)));
            pairs.Add((golds[i], Response(Respelt(golds[i].Text))));
            pairs.Add((golds[i], Response(golds[(i + 1) % golds.Count].Text)));
        }

        return pairs;
    }

    private static string Respelt(string answer) => answer.Trim('$').Replace("\\frac", "\\dfrac", StringComparison.Ordinal).Replace("(", "\\left( ", StringComparison.Ordinal)
        .Replace(")", " \\right)", StringComparison.Ordinal).Replace(",", ", ", StringComparison.Ordinal).Replace("+", " + ", StringComparison.Ordinal) + "\\,";

    private static string Response(string answer)
    {
        const string Step = "We have $x^2 - 5x + 6 = (x-2)(x-3)$, so the roots are 2 and 3, and the sum of the first 10 terms is \\[ \\frac{10 \\cdot 11}{2} = 55. \\]\n";
        var end = $"Therefore, the answer is $\\boxed{{{answer.Trim('$')}}}$.";
        var text = string.Concat(Enumerable.Repeat(Step, (ResponseLength / Step.Length) + 1));
        return string.Concat(text.AsSpan(0, Math.Max(0, ResponseLength - end.Length)), end);
    }
}
