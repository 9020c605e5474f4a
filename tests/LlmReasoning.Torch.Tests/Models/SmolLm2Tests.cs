using System.Text.Json;
using LlmReasoning.Torch.Generation;
using LlmReasoning.Torch.Models;
using LlmReasoning.Torch.Scoring;
using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Torch.Tests.Models;

/// <summary>The real SmolLM2-135M-Instruct, where ../shared/models/make-smollm2.py has unpacked it, against golden/smollm2.</summary>
[Trait("Category", "Golden")]
public sealed class SmolLm2Tests : IDisposable
{
    private const double LogProbTolerance = 1e-3, LogitTolerance = 1e-3, SmallMargin = 1e-3;

    private readonly CausalLM _model;
    private readonly Tokenizer _tokenizer;
    private readonly JsonElement[] _rows;

    public SmolLm2Tests()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var folder = Path.Combine(home, ".cache", "llm-reasoning", "models", "SmolLM2-135M-Instruct");
        if (!File.Exists(Path.Combine(folder, "model.safetensors"))) { Assert.Skip($"{folder} is absent; unpack it with ../shared/models/make-smollm2.py"); }
        _rows = [.. Golden.Json(Path.Combine(Golden.Folder("smollm2"), "smollm2.json")).GetProperty("rows").EnumerateArray()];
        _tokenizer = Tokenizer.Load(folder);
        _model = CausalLM.Load(folder);
    }

    public void Dispose() => _model.Dispose();

    [Fact]
    public void LogProbsOfThePromptsEqualTheReferenceTo1e3()
    {
        var scored = Scorer.LogProbs(_model, [.. _rows.Select(row => Ints(row, "prompt_ids"))]);
        for (var i = 0; i < _rows.Length; i++)
        {
            Assert.Equal(Ints(_rows[i], "prompt_ids"), _tokenizer.Encode(_rows[i].GetProperty("prompt").GetString()!));
            var expected = Doubles(_rows[i], "prompt_token_logprobs");
            Assert.Equal(expected.Length, scored[i].Length);
            Assert.All(expected.Zip(scored[i]), pair => Assert.Equal(pair.First, pair.Second, LogProbTolerance));
        }
    }

    [Fact]
    public void TheBestLogitsOfTheLastPositionEqualTheReferenceTo1e3()
    {
        using var noGrad = no_grad();
        foreach (var row in _rows)
        {
            using var scope = NewDisposeScope();
            long[] ids = [.. Ints(row, "prompt_ids").Select(id => (long)id)];
            var logits = _model.forward(tensor(ids).unsqueeze(0))[0, -1];
            foreach (var (id, expected) in Ints(row, "last_position_top50_ids").Zip(Doubles(row, "last_position_top50_logits")))
            {
                Assert.Equal(expected, logits[id].item<float>(), LogitTolerance);
            }
        }
    }

    /// <summary>From a step on whose margin to the second best token is below 1e-3, a row may go another way.</summary>
    [Fact]
    public void GreedyIdsAreTheReferencesWhereverTheMarginIsAbove1e3()
    {
        var settings = new SamplingSettings { Temperature = 0, MaxNewTokens = _rows.Max(row => row.GetProperty("greedy_ids").GetArrayLength()) };
        List<GenerationRequest> requests = [.. _rows.Select((row, i) => new GenerationRequest(i.ToString(), Ints(row, "prompt_ids"), [0]))];
        var completions = new Dictionary<string, IReadOnlyList<int>>();
        new Generator(_model, _tokenizer, settings, _model.Config.EosTokenIds).Run(requests, completion => completions[completion.Request.ProblemId] = completion.Ids);
        for (var i = 0; i < _rows.Length; i++)
        {
            var margins = Doubles(_rows[i], "greedy_margin");
            var sure = Array.FindIndex(margins, margin => margin < SmallMargin) is >= 0 and var unsure ? unsure : margins.Length;
            var expected = Ints(_rows[i], "greedy_ids")[..sure];
            Assert.Equal(expected, completions[i.ToString()].Take(expected.Length));
        }
    }

    private static int[] Ints(JsonElement row, string name) => [.. row.GetProperty(name).EnumerateArray().Select(value => value.GetInt32())];

    private static double[] Doubles(JsonElement row, string name) => [.. row.GetProperty(name).EnumerateArray().Select(value => value.GetDouble())];
}
