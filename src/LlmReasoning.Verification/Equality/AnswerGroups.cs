namespace LlmReasoning.Verification.Equality;

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
        var leaders = new List<Expression?>();                 // the first of each class; null where a bound was passed
        for (var i = 0; i < groups.Length; i++)
        {
            var text = AnswerText.Normalize(answers[i] ?? "");
            if (text.Length == 0) { groups[i] = -1; }
            else if (byText.TryGetValue(text, out var known)) { groups[i] = known; }
            else
            {
                groups[i] = ClassOf(ParsedAnswer.Parse(answers[i]!).Expression, byExpression, leaders);
                byText[text] = groups[i];
            }
        }

        return groups;
    }

    private static int ClassOf(Expression? answer, Dictionary<Expression, int> byExpression, List<Expression?> leaders)
    {
        if (answer is null)
        {
            leaders.Add(null);
            return leaders.Count - 1;
        }

        if (byExpression.TryGetValue(answer, out var group)) { return group; }
        group = leaders.Count > MaxClasses ? -1 : leaders.FindIndex(leader => leader is not null && MayBeEqual(leader, answer) && AreEqual(leader, answer));
        if (group < 0)
        {
            group = leaders.Count;
            leaders.Add(answer);
        }

        byExpression[answer] = group;
        return group;
    }

    private static bool MayBeEqual(Expression a, Expression b)
    {
        if (a.Kind == ExpressionKind.Text || b.Kind == ExpressionKind.Text) { return false; }
        return !(a.IsNumber && b.IsNumber && !a.HasDecimal && !b.HasDecimal);
    }

    private static bool AreEqual(Expression a, Expression b)
    {
        var match = Verifier.Compare(a, b, new Work(), VerifierOptions.Default);
        return match.IsEqual == true && match.Reason is not ("unit-missing" or "percent-sign-missing" or "base-missing");
    }
}
