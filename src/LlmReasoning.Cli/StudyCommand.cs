using System.CommandLine;

namespace LlmReasoning.Cli;

/// <summary><c>study</c>: every arm of the paper.</summary>
internal static class StudyCommand
{
    public static Command Create() => new Command("study", "Reinforcement learning against distillation: all arms, compared and reported.")
    {
        StudyReportCommand.Create(),
    }.WithExamples("llm-reasoning study report --study runs/study");
}
