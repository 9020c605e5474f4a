using System.CommandLine;
using LlmReasoning.Cli.Config;
using LlmReasoning.Evaluation.Report.Study;
using LlmReasoning.Torch.Distillation;
using LlmReasoning.Torch.Rlvr;

namespace LlmReasoning.Cli.Study;

/// <summary><c>study report</c>: claims, tables, figures and one page from the folders of a study, without a model.</summary>
internal static class StudyReportCommand
{
    private static readonly Option<string> Folder = new("--study") { Description = "The study's folder: study.json, seed-S/ARM/...", HelpName = "DIR", Required = true };

    private static readonly Option<string?> Output = new("--output") { Description = "Where to write [default: DIR/report]", HelpName = "DIR" };

    public static Command Create()
    {
        var command = new Command("report", "Write a study's report from its folders: claims with intervals, tables and figures beside the paper's, problems with samples.") { Folder, Output };
        command.SetAction(parsed => Write(parsed.GetValue(Folder)!, parsed.GetValue(Output)));
        return command.WithExamples("llm-reasoning study report --study runs/study");
    }

    /// <summary>Writes the report and tells the console what the claims came to.</summary>
    /// <param name="study">The study's folder.</param>
    /// <param name="output">Null = report/ in it.</param>
    public static int Write(string study, string? output)
    {
        var folder = output ?? Path.Combine(study, "report");
        Console.Out.Write(StudyReport.Write(study, folder, Defaults()));
        Console.Out.WriteLine($"written to {folder}: report.html, summary.md, figures, tables");
        return ExitCode.Done;
    }

    /// <summary>What the program takes where a config is silent, by kind of run.</summary>
    private static Dictionary<string, IReadOnlyDictionary<string, string>> Defaults() => new()
    {
        ["test"] = RunConfig<EvalPassKConfig>.DefaultTexts,
        ["rlvr"] = RunConfig<RlvrConfig>.DefaultTexts,
        ["distill"] = RunConfig<DistillConfig>.DefaultTexts,
    };
}
