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

    /// <summary>Tells the console what the claims of a finished study came to; writes the report first where it is not that of the folders as they are.</summary>
    public static int WriteWhereOld(StudyDesign design)
    {
        var record = ReportRecord.Of(design);
        if (!record.IsWritten())
        {
            record.Forget();
            StudyReport.Write(design.Folder, record.Folder, Defaults());
            record.Remember();
        }
        return Tell(record.Folder, RegularFile.ReadText(Path.Combine(record.Folder, StudyReport.ClaimsFile)));
    }

    private static int Write(string study, string? output)
    {
        var folder = output ?? Path.Combine(study, ReportRecord.FolderName);
        return Tell(folder, StudyReport.Write(study, folder, Defaults()));
    }

    private static int Tell(string folder, string claims)
    {
        Console.Out.Write(claims);
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
