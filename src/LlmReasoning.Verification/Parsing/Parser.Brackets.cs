using static LlmReasoning.Verification.Expressions.ExpressionKind;

namespace LlmReasoning.Verification.Parsing;

/// <summary>Brackets of every kind: groups, pairs, intervals, sets, absolute values.</summary>
internal sealed partial class Parser
{
    /// <summary>"(...)" and "[...]": a group, a pair or open interval, a half-open or closed interval, a tuple.</summary>
    private Expression ParseBracket()
    {
        Enter();
        var open = Current.Text[0];
        _position++;
        var bars = _bars;
        _bars = 0;
        var items = new List<Expression>();
        while (!IsClosing())
        {
            ParseItemInto(items);
            if (Current.Is(',') || Current.Is(';')) { _position++; }
            else if (!IsClosing()) { throw new NotMathsException("unexpected in brackets"); }
            if (items.Count > MaxItems) { throw new BoundExceededException("too-many-items"); }
        }

        var close = Current.Text[0];
        _position++;
        _bars = bars;
        _depth--;
        if (items.Count == 1)
        {
            return open is '(' or '[' && (open == '(') == (close == ')') ? items[0] : throw new NotMathsException("brackets that do not fit");
        }

        if (items.Count == 0) { throw new NotMathsException("empty brackets"); }
        if (items.Count == 2 && (open, close) != ('(', ')')) { return new(Interval, $"{open}{close}", [.. items]); }
        return (open == '(') == (close == ')') ? new(ExpressionKind.Tuple, "", [.. items]) : throw new NotMathsException("brackets that do not fit");
    }

    private bool IsClosing() => Current.Is(')') || Current.Is(']');

    private Expression ParseBars()
    {
        Enter();
        _position++;
        _bars++;
        var inside = ParseSum();
        if (!Current.Is('|')) { throw new NotMathsException("open bar"); }
        _position++;
        _bars--;
        _depth--;
        return Algebra.Call("abs", inside);
    }

    private Expression ParseSet()
    {
        Enter();
        _position++;
        var bars = _bars;
        _bars = 0;
        var items = new List<Expression>();
        while (!Current.IsCommand("}"))
        {
            ParseItemWithBar(items);
            if (Current.Is('|') || Current.IsCommand("mid") || Current.Is(':') || Current.IsCommand("colon"))
            {
                _position++;
                var conditions = ParseAnswerUntilBrace();
                _bars = bars;
                _depth--;
                return conditions.Kind == Relation && items.Count == 1 && items[0].Kind == Symbol && !conditions.Name.Contains('∈', StringComparison.Ordinal)
                    ? conditions
                    : new(ExpressionKind.Call, "set-of", [.. items, conditions]);
            }

            if (Current.Is(',') || Current.Is(';')) { _position++; }
            else if (!Current.IsCommand("}")) { throw new NotMathsException("unexpected in a set"); }
            if (items.Count > MaxItems) { throw new BoundExceededException("too-many-items"); }
        }

        _position++;
        _bars = bars;
        _depth--;
        return new(Set, "", [.. items]);
    }

    // Inside a set a bar separates the element from its condition.
    private void ParseItemWithBar(List<Expression> items)
    {
        if (Current.Is('|')) { ParseItemInto(items); return; }
        _bars = 1;
        _isInSet = true;
        ParseItemInto(items);
        _bars = 0;
        _isInSet = false;
    }

    private Expression ParseAnswerUntilBrace()
    {
        var items = new List<Expression>();
        while (!Current.IsCommand("}"))
        {
            ParseItemInto(items);
            if (Current.Is(',') || Current.Is(';')) { _position++; }
            else if (!Current.IsCommand("}")) { throw new NotMathsException("unexpected in a set"); }
        }

        _position++;
        return items.Count == 1 ? items[0] : new(List, "", [.. items]);
    }
}
