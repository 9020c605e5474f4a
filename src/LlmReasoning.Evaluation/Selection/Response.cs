using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Samples;

namespace LlmReasoning.Evaluation.Selection;

/// <summary>A response that may become a training example.</summary>
/// <param name="ProblemId">Whose.</param>
/// <param name="Index">Among the responses to the problem.</param>
/// <param name="Text">The whole response.</param>
/// <param name="Source">The model it is from, or "solution".</param>
public sealed record Response(string ProblemId, int Index, string Text, string Source)
{
    public static Response Of(Sample sample) => new(sample.ProblemId, sample.SampleIdx, sample.Text, sample.ModelId);

    /// <summary>The worked solutions of problems as responses to them.</summary>
    /// <exception cref="UserException">A problem without one.</exception>
    public static IEnumerable<Response> Solutions(IEnumerable<Problem> problems) => problems.Select(problem => new Response(
        problem.Id, 0, problem.Solution ?? throw new UserException($"problem \"{problem.Id}\" has no solution; give responses by --samples, or leave the problem out"), "solution"));
}

/// <summary>One line of sft.jsonl: what a supervised step trains on.</summary>
/// <param name="Id">Unique in the file.</param>
/// <param name="Problem">Its problem.</param>
/// <param name="Response">A correct response to it.</param>
public sealed record SftExample(string Id, Problem Problem, Response Response);
