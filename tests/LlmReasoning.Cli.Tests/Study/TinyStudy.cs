using LlmReasoning.Cli.Config;
using LlmReasoning.Cli.Study;
using LlmReasoning.Evaluation.Problems.Synthetic;

namespace LlmReasoning.Cli.Tests.Study;

/// <summary>A study of the embedded model that is over in seconds: its files in one folder.</summary>
internal sealed class TinyStudy : IDisposable
{
    public const string AllArms = "[base, rlvr, base-base, base-rlvr, rlvr-rlvr, reasoning-only, new-knowledge]";

    private readonly TemporaryFolder _folder = new();

    public TinyStudy(string arms = AllArms)
    {
        WriteProblems("test", 6);
        WriteProblems("train", 12);
        _folder.File("rlvr.yaml", "prompts_per_step: 4\nnum_generations: 4\nmax_steps: 4\nsave_steps: 1\nlearning_rate: 3.0e-4\nmax_completion_length: 40\n");
        _folder.File("distill.yaml", "per_device_train_batch_size: 8\nmax_steps: 4\nsave_steps: 1\nlearning_rate: 3.0e-4\n");
        Config = _folder.File("tiny.yaml", $"""
            model_name_or_path: embedded
            train_problems: {Path("train.jsonl")}
            test_problems: {Path("test.jsonl")}
            arms: {arms}
            k: 4
            n_train: 6
            n_train_rlvr: 4
            min_base_correct: 1
            teacher: solutions
            rlvr_config: rlvr.yaml
            distill_config: distill.yaml
            max_completion_length: 48
            """);
    }

    /// <summary>The study's config.</summary>
    public string Config { get; }

    public string Path(string name) => System.IO.Path.Combine(_folder.Path, name);

    public void Dispose() => _folder.Dispose();

    /// <summary>Puts <paramref name="now"/> in the place of <paramref name="before"/> in one of the files.</summary>
    public void Change(string file, string before, string now)
    {
        var text = File.ReadAllText(Path(file));
        Assert.Contains(before, text, StringComparison.Ordinal);
        File.WriteAllText(Path(file), text.Replace(before, now, StringComparison.Ordinal));
    }

    public StudyDesign Design(string output = "out", params string[] overrides) =>
        StudyDesign.Of(RunConfig<StudyConfig>.Load(Config, overrides.Select(RunConfig<StudyConfig>.ParseOverride)), Config, null, Path(output));

    public BuiltProgram.Finished Run(string output, params string[] more) => BuiltProgram.Run(["study", "run", "--config", Config, "--output", Path(output), .. more]);

    private void WriteProblems(string split, int count) => _folder.File($"{split}.jsonl", string.Concat(SyntheticProblems.Set(0, split, count).Select(problem => problem.ToProblem())
        .Select(problem => System.Text.Json.JsonSerializer.Serialize(new { id = problem.Id, problem = problem.Text, answer = problem.Gold, level = 1, solution = problem.Solution }) + "\n")));
}
