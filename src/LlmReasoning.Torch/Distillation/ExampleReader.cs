using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.TeacherData;
using LlmReasoning.Torch.Tokenization;
using LlmReasoning.Verification;

namespace LlmReasoning.Torch.Distillation;

/// <summary>An example and the row that it was made of.</summary>
/// <param name="Place">File and line.</param>
/// <param name="HasEnd">Whether it ends with a stop token that is trained.</param>
public sealed record PlacedExample(string Place, SftExample Example, bool HasEnd);

/// <summary>Makes examples of teacher data: texts become tokens, and which of them are trained is said by places in the text, never found by searching for ids.</summary>
public sealed class ExampleReader
{
    private const int RowsAtOnce = 1024;

    private readonly Tokenizer _tokenizer;
    private readonly PromptTemplate _template;
    private readonly int _eosId;
    private readonly int _endOfTurnId;
    private readonly DistillConfig _config;
    private readonly Dictionary<string, Problem>? _problems;

    /// <param name="tokenizer">The student's.</param>
    /// <param name="template">For problems and messages.</param>
    /// <param name="eosId">Ends ready prompts' completions and texts; and responses to problems, unless the template has a token of its own for that.</param>
    /// <param name="config">Which tokens are trained, and of samples which.</param>
    /// <param name="problems">What samples are of; null = there are none.</param>
    public ExampleReader(Tokenizer tokenizer, PromptTemplate template, int eosId, DistillConfig config, IReadOnlyList<Problem>? problems)
    {
        (_tokenizer, _template, _eosId, _config) = (tokenizer, template, eosId, config);
        _endOfTurnId = template.StopTokens.Select(tokenizer.IdOf).FirstOrDefault(id => id is not null) ?? eosId;
        _problems = problems?.ToDictionary(problem => problem.Id, StringComparer.Ordinal);
    }

    /// <summary>The examples of one file, or of a folder of data select, sample or eval passk, in their order.</summary>
    /// <exception cref="UserException">Names file and line: a faulty row, or one of which no token would be trained; or no sample is correct.</exception>
    public IEnumerable<PlacedExample> Read(string path) => TeacherFile.Find(path).SelectMany(ReadFile);

    private IEnumerable<PlacedExample> ReadFile(string file)
    {
        var kept = false;
        foreach (var rows in TeacherFile.Read(file).Chunk(RowsAtOnce))
        {
            // Grading and tokenizing take the time. The first mistake in the file's order is the one that is told.
            foreach (var (example, mistake) in rows.AsParallel().AsOrdered().Select(Try).ToArray())
            {
                if (mistake is not null) { throw mistake; }
                if (example is null) { continue; }
                kept = true;
                yield return example;
            }
        }
        if (!kept) { throw new UserException($"{file}: none of its samples is correct, and correct_only leaves the others out; sample more, or set it to false"); }
    }

    private (PlacedExample? Example, UserException? Mistake) Try(TeacherRow row)
    {
        try
        {
            return (Of(row), null);
        }
        catch (UserException mistake)
        {
            return (null, mistake);
        }
    }

    // Null: a sample that is not correct and is to be left out.
    private PlacedExample? Of(TeacherRow row)
    {
        if (_config.CorrectOnly && row is not TeacherRow.Sampled)
        {
            throw new UserException($"{row.Place}: correct_only is true, and this is no sample of a problem, to be graded; set it to false, or select with data select");
        }
        return row switch
        {
            TeacherRow.Completion completion => new(row.Place, SftExample.Of(_tokenizer, completion.Prompt, completion.Response, _eosId, row.Place), HasEnd: true),
            TeacherRow.Solution solution => new(row.Place, SftExample.Of(_tokenizer, _template.Render(solution.Problem), solution.Response, _endOfTurnId, row.Place), HasEnd: true),
            TeacherRow.Sampled sample => OfSample(sample),
            TeacherRow.Chat chat => new(row.Place, OfChat(chat), HasEnd: true),
            _ => new(row.Place, OfText((TeacherRow.Text)row), HasEnd: true),
        };
    }

    private PlacedExample? OfSample(TeacherRow.Sampled sample)
    {
        if (_problems is null) { throw new UserException($"{sample.Place}: a sample holds its problem's id and not its text; name the problems it is of with --problems"); }
        if (!_problems.TryGetValue(sample.ProblemId, out var problem))
        {
            throw new UserException($"{sample.Place}: problem_id \"{sample.ProblemId}\" is not among the problems; name those the samples were drawn for");
        }
        if (_config.CorrectOnly && Verifier.Verify(problem.Gold, sample.Response, _config.Policy).Outcome != Outcome.Correct) { return null; }
        // One that was cut at the limit did not end here, so it does not teach to. An empty one teaches to end at once.
        int[] end = sample.IsWhole ? [_endOfTurnId] : [];
        return new(sample.Place, SftExample.Of(_tokenizer.Encode(_template.Render(problem.Text)), [.. _tokenizer.Encode(sample.Response), .. end]), HasEnd: sample.IsWhole);
    }

    private SftExample OfChat(TeacherRow.Chat chat)
    {
        if (chat.Messages is not [.., { Role: "assistant" }]) { throw new UserException($"{chat.Place}: the last message is not the assistant's, so there is nothing to learn; end with one"); }
        if (chat.Messages.FirstOrDefault(message => message.Role is not ("system" or "user" or "assistant")) is { } other)
        {
            throw new UserException($"{chat.Place}: a role is \"{other.Role}\"; it must be system, user or assistant");
        }
        RenderedChat rendered;
        try
        {
            rendered = _template.Render(chat.Messages);
        }
        catch (UserException e)
        {
            throw new UserException($"{chat.Place}: {e.Message}", e);
        }
        var context = _config.AssistantOnlyLoss ? 0 : chat.Messages.Take(chat.PromptMessages ?? chat.Messages.Count - 1).Count(message => message.Role == "assistant");
        Range[] turns = [.. rendered.AssistantTurns.Skip(context)];
        return SftExample.Of(_tokenizer, rendered.Text, turns, rendered.EndsItself ? null : _endOfTurnId, chat.Place);
    }

    private SftExample OfText(TeacherRow.Text row)
    {
        var start = 0;
        if (_config.ResponseTemplate is { } border)
        {
            start = row.Content.IndexOf(border, StringComparison.Ordinal);
            if (start < 0) { throw new UserException($"{row.Place}: response_template \"{border.ReplaceLineEndings("\\n")}\" does not occur in the text, so nothing of it would be trained; mend the text or the template"); }
            if (row.Content.IndexOf(border, start + 1, StringComparison.Ordinal) >= 0) { throw new UserException($"{row.Place}: response_template \"{border.ReplaceLineEndings("\\n")}\" occurs twice in the text; where the response begins is not clear"); }
            start += border.Length;
        }
        return SftExample.Of(_tokenizer, row.Content, [start..row.Content.Length], _eosId, row.Place);
    }
}
