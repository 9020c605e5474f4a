using System.CommandLine;
using LlmReasoning.Cli.Config;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Torch.Runs;
using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Cli;

/// <summary><c>sample</c>: completions only.</summary>
internal static class SampleCommand
{
    public static Command Create()
    {
        var command = new Command("sample", "Sample n completions of every problem into samples.jsonl; an unfinished run goes on where it stopped.");
        var options = new ConfigOptions<SamplingConfig>(command);
        SamplingCommand.AddOptions(options);
        var prompts = new Option<string>("--prompts") { Description = "Ready prompts as jsonl {id, prompt}, in place of problems and template", HelpName = "FILE" };
        command.Options.Add(prompts);
        command.SetAction(parsed => Run(options.Load(parsed), parsed.GetValue(prompts)));
        return command.WithExamples(
            "llm-reasoning sample --model embedded --problems embedded-train --n 32 --max-new-tokens 72 --output runs/base-train",
            "llm-reasoning sample --model models/SmolLM2-135M-Instruct --problems problems.jsonl --template smollm2 \\\n--n 1 --temperature 0 --save-tokens --output runs/greedy");
    }

    private static int Run(RunConfig<SamplingConfig> config, string? promptsPath)
    {
        var value = config.Value;
        var folder = SamplingCommand.Require(config, value.OutputDir, nameof(value.OutputDir), "--output runs/name");
        if (promptsPath is not null && value.Problems is not null) { throw new UserException($"--prompts is {promptsPath} and problems {value.Problems}; give one of them"); }
        var template = promptsPath is null ? PromptTemplate.Load(value.Template) : null;
        IReadOnlyList<Prompt> prompts = promptsPath is null
            ? [.. ProblemSource.Read(SamplingCommand.Require(config, value.Problems, nameof(value.Problems), "--problems FILE"), value.Filter(), value.FieldNames())
                .Select(problem => new Prompt(problem.Id, template!.Render(problem.Text)))]
            : PromptFile.Read(promptsPath, value.Limit);
        using var held = OutputFolder.Lock(folder);
        Logging.ToFile(folder);
        Console.Out.WriteLine(SamplingCommand.Sample(config, prompts, template, value.N ?? 1, folder));
        return ExitCode.Done;
    }
}
