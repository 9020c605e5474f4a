namespace LlmReasoning.Evaluation.Report.Study;

/// <summary>The arms of a study: the names of their folders, and what tables and figures call them. "A ← B" is the student A trained on responses of B, as in the paper.</summary>
public static class Arm
{
    public const string Base = "base";
    public const string Rlvr = "rlvr";
    public const string BaseBase = "base-base";
    public const string BaseRlvr = "base-rlvr";
    public const string RlvrRlvr = "rlvr-rlvr";
    public const string ReasoningOnly = "reasoning-only";
    public const string NewKnowledge = "new-knowledge";

    /// <summary>Not an arm: a second, independent sample of the base. Its changes are what chance alone gives.</summary>
    public const string Control = "control";

    private static readonly (string Id, string Name, string Meaning)[] Known =
    [
        (Base, "base", "the model as it came"),
        (Rlvr, "RLVR", "the base, trained by reinforcement learning with verifiable rewards"),
        (BaseBase, "base \u2190 base", "the base, trained on its own correct responses"),
        (BaseRlvr, "base \u2190 RLVR", "the base, trained on correct responses of the RLVR model"),
        (RlvrRlvr, "RLVR \u2190 RLVR", "the RLVR model, trained on its own correct responses"),
        (ReasoningOnly, "reasoning only", "the base, trained on a teacher's responses to problems it solves already"),
        (NewKnowledge, "new knowledge", "the base, trained on as many responses of the teacher, a part of them to problems it never solved"),
        (Control, "base again", "a second, independent sample of the base: what chance alone gives"),
    ];

    /// <summary>An arm that is not known keeps the name of its folder.</summary>
    public static string Name(string id) => Array.Find(Known, arm => arm.Id == id).Name ?? id;

    /// <summary>Half a sentence; empty for an arm that is not known.</summary>
    public static string Meaning(string id) => Array.Find(Known, arm => arm.Id == id).Meaning ?? "";

    /// <summary>The place in the order of tables and colours: the same arm has the same colour in every figure.</summary>
    public static int Order(string id) => Array.FindIndex(Known, arm => arm.Id == id) is >= 0 and var at ? at : Known.Length;
}
