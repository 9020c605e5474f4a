namespace LlmReasoning.Cli.Study;

/// <summary>What <c>study run</c> ends with.</summary>
internal static class StudySummary
{
    public static void Print(StudyDesign design) => Console.Out.WriteLine($"written to {design.Folder}");
}
