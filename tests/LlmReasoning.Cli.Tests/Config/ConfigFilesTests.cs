using System.Text.RegularExpressions;
using LlmReasoning.Cli.Config;
using LlmReasoning.Cli.Study;
using LlmReasoning.Evaluation.Metrics;
using LlmReasoning.Torch.Distillation;
using LlmReasoning.Torch.Pretraining;
using LlmReasoning.Torch.Rlvr;
using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Cli.Tests.Config;

/// <summary>Every file under configs/: its head names the command that it is for.</summary>
public sealed partial class ConfigFilesTests
{
    public static TheoryData<string> Files =>
        [.. Directory.GetFiles(Path.Combine(Repository.Folder, "configs"), "*.yaml", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Repository.Folder, file)).Order(StringComparer.Ordinal)];

    /// <summary>But for its own file, which is as it was published.</summary>
    public static TheoryData<string> PaperFiles =>
        [.. Files.Select(row => row.Data).Where(file => file.StartsWith("configs/paper/", StringComparison.Ordinal) && !file.EndsWith("-original.yaml", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Files))]
    public void AConfigIsLoadedByTheCommandInItsHead(string file)
    {
        var head = File.ReadLines(Path.Combine(Repository.Folder, file)).TakeWhile(line => line.StartsWith('#')).ToArray();
        var command = head.Select(line => CommandLine().Match(line)).FirstOrDefault(match => match.Success) ?? Match.Empty;
        Assert.True(command.Success, $"{file}: no line '#   llm-reasoning COMMAND --config FILE' at its head");
        Assert.Equal(file, command.Groups["file"].Value);
        switch (command.Groups["command"].Value)
        {
            case "sample": Check(Load<SamplingConfig>(file), config => config.Template); break;
            case "eval passk": Check(Load<EvalPassKConfig>(file), config => config.Template, config => SuccessBuckets.Parse(config.Buckets, config.N ?? config.K)); break;
            case "train rlvr": Check(Load<RlvrConfig>(file), config => config.Template, config => config.Validate().Resolve(problems: 10_000).ValidateView()); break;
            case "train distill": Check(Load<DistillConfig>(file), config => config.Template, config => config.Validate()); break;
            case "train pretrain": Load<PretrainConfig>(file).Value.Validate(); break;
            case "study run": Check(Load<StudyConfig>(file), config => config.Template); break;
            default: Assert.Fail($"{command.Groups["command"].Value} takes no config"); break;
        }
    }

    /// <summary>A reader checks a value by its source: [v2] the paper, [repo] its scripts, [oat] those of the model it took, [ours] with the reason.</summary>
    [Theory]
    [MemberData(nameof(PaperFiles))]
    public void EveryValueOfThePaperHasItsSource(string file)
    {
        foreach (var line in File.ReadLines(Path.Combine(Repository.Folder, file)).Where(line => line.Length > 0 && line[0] != '#'))
        {
            Assert.Matches(@" # \[(v2|repo|oat|ours)\]", line);
        }
    }

    [Fact]
    public void ThePapersGrpoHas280CompletionsAStep()
    {
        var config = Load<RlvrConfig>("configs/paper/qwen2.5-3b/rlvr.yaml").Value.Resolve(problems: 7500);
        Assert.Equal((28, 10, 1, 225), (config.PromptsPerStep, config.NumGenerations, config.UpdatesPerStep, config.MaxSteps));
    }

    private static RunConfig<T> Load<T>(string file) where T : class => RunConfig<T>.Load(Path.Combine(Repository.Folder, file), []);

    private static void Check<T>(RunConfig<T> config, Func<T, string> templateOf, Action<T>? validate = null) where T : class
    {
        var template = templateOf(config.Value);
        PromptTemplate.Load(PromptTemplate.Presets.Contains(template) ? template : Path.Combine(Repository.Folder, template));
        validate?.Invoke(config.Value);
    }

    [GeneratedRegex("^#   llm-reasoning (?<command>[a-z]+( [a-z]+)?) --config (?<file>[^ ]+)")]
    private static partial Regex CommandLine();
}
