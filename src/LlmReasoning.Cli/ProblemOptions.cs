using LlmReasoning.Cli.Config;

namespace LlmReasoning.Cli;

/// <summary>Options of the commands whose config names a file of problems.</summary>
internal static class ProblemOptions
{
    /// <summary>Adds the options of the keys that say which problems of a file are used and what its fields are called.</summary>
    /// <typeparam name="T">A config with these keys, named as in <see cref="SamplingConfig"/>.</typeparam>
    public static void Add<T>(ConfigOptions<T> options) where T : class
    {
        options.Add("--level", nameof(SamplingConfig.Levels), "Only problems of these levels", "LEVEL");
        options.Add("--subset", nameof(SamplingConfig.Subset), "Only so many problems, drawn by their ids", "COUNT");
        options.Add("--subset-seed", nameof(SamplingConfig.SubsetSeed), "Other seeds draw other problems", "SEED");
        options.Add("--limit", nameof(SamplingConfig.Limit), "Only the first problems", "COUNT");
        options.Add("--problem-field", nameof(SamplingConfig.ProblemField), "The field that holds a problem's text, where its name is not recognised", "NAME");
        options.Add("--answer-field", nameof(SamplingConfig.AnswerField), "The field that holds the reference answer", "NAME");
        options.Add("--id-field", nameof(SamplingConfig.IdField), "The field that holds the id", "NAME");
        options.Add("--level-field", nameof(SamplingConfig.LevelField), "The field that holds the level", "NAME");
    }
}
