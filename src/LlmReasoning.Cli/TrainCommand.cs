using System.CommandLine;

namespace LlmReasoning.Cli;

/// <summary><c>train</c>: what changes weights.</summary>
internal static class TrainCommand
{
    public static Command Create() => new Command("train", "Train a model.")
    {
        TrainRlvrCommand.Create(),
        TrainDistillCommand.Create(),
        TrainPretrainCommand.Create(),
    }.WithExamples("llm-reasoning train rlvr --config configs/quickstart/rlvr.yaml --output runs/rlvr");
}
