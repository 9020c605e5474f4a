namespace LlmReasoning.Verification;

/// <summary>Puts the answers of one problem into classes of equal answers.</summary>
internal static class AnswerGroups
{
    private const int MaxClasses = 512;

    /// <summary>
    /// Equal texts and equal expressions share a class by their key. Only the classes left over are compared with each other, and of those
    /// neither two exact numbers nor two texts, which their keys tell apart. No unit, sign or base may be missing here, so that
    /// equality is transitive; with more than <see cref="MaxClasses"/> classes the keys alone decide.
    /// </summary>
    public static int[] Group(IReadOnlyList<string?> answers)
    {
        var groups = new int[answers.Count];
        var byText = new Dictionary<string, int>();
        var byExpression = new Dictionary<Expression, int>();
        var leaders = new List<Expression?>();
        for (var i = 0; i < groups.Length; i++)
        {
            var answer = answers[i] is { } text ? ParsedAnswerOf(text, byText, out var known) : NoAnswer(out known);
            groups[i] = known ?? ClassOf(answer, byExpression, leaders);
            if (answer is not null) { byText[answer.Normalized] = groups[i]; }
        }

        return groups;
    }

    private static ParsedAnswer? NoAnswer(out int? known)
    {
        known = -1;
        return null;
    }

    private static ParsedAnswer? ParsedAnswerOf(string text, Dictionary<string, int> byText, out int? known)
    {
        known = byText.TryGetValue(AnswerText.Normalize(text), out var group) ? group : null;
        if (known is not null) { return null; }
        var answer = ParsedAnswer.Parse(text);
        if (answer.Normalized.Length > 0) { return answer; }
        return NoAnswer(out known);
    }

    private static int ClassOf(ParsedAnswer? answer, Dictionary<Expression, int> byExpression, List<Expression?> leaders)
    {
        var expression = answer?.Expression;
        if (expression is null)
        {
            leaders.Add(null);
            return leaders.Count - 1;
        }

        if (byExpression.TryGetValue(expression, out var group)) { return group; }
        for (group = 0; group < leaders.Count && leaders.Count <= MaxClasses; group++)
        {
            if (leaders[group] is { } leader && MayBeEqual(leader, expression) && AreEqual(leader, expression)) { break; }
        }

        if (group >= leaders.Count || leaders.Count > MaxClasses)
        {
            group = leaders.Count;
            leaders.Add(expression);
        }

        byExpression[expression] = group;
        return group;
    }

    private static bool MayBeEqual(Expression a, Expression b)
    {
        if (a.Kind == ExpressionKind.Text || b.Kind == ExpressionKind.Text) { return false; }
        return !(a.IsNumber && b.IsNumber && !a.HasDecimal && !b.HasDecimal);
    }

    private static bool AreEqual(Expression a, Expression b)
    {
        try
        {
            var match = new Equivalence(new Work(), Verifier.DefaultRoundingDigits).Compare(a, b);
            return match.IsEqual == true && match.Reason is not ("unit-missing" or "percent-sign-missing" or "base-missing");
        }
        catch (BoundExceededException)
        {
            return false;
        }
        catch (NotMathsException)
        {
            return false;
        }
    }
}
