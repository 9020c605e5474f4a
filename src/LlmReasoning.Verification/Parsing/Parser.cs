using static LlmReasoning.Verification.Expressions.ExpressionKind;

namespace LlmReasoning.Verification.Parsing;

/// <summary>
/// A recursive-descent parser with operator precedence (Pratt) for LaTeX and plain-text maths:
/// <code>
/// answer   = item { ("," | ";" | "and" | "or") item }
/// item     = union { relation union }              relation: = &lt; &gt; &lt;= &gt;= != ~ in ->
/// union    = sum { ("\cup" | "\cap" | "\setminus") sum } | sum { ":" sum }
/// sum      = ["+" | "-" | "\pm"] term { ("+" | "-" | "\pm") term }
/// term     = factor { ["*" | "\cdot" | "/"] factor } [unit]
/// factor   = primary { "^" argument | "_" argument | "!" | "'" | "%" | degree }
/// primary  = number | symbol | function | bracket | matrix | sign factor
/// </code>
/// A "\pm" makes an item be read twice, once with each sign.
/// </summary>
internal sealed partial class Parser
{
    private const int MaxDepth = 300;                    // about six for each bracket, fraction or exponent
    private const int MaxItems = 256;
    private const int MaxMatrix = 256;
    private const int MaxNameLength = 200;
    private const int MaxQuantityFactors = 16;
    private const int MaxFactors = 128;
    private const int MaxTerms = 512;
    private const int MaxNumberBits = 40_000;          // of all the numbers of an answer

    private readonly List<Token> _tokens;
    private readonly Stack<(int Position, Token Token)> _splits = new();     // tokens as they were before they were split
    private int _position;
    private int _depth;
    private int _bars;                     // open absolute values: the next bar closes one
    private bool _isInSet;                 // a colon separates the element from its condition
    private bool _isSecondSign;            // of \pm
    private long _numberBits;
    private bool _sawPlusMinus;

    private Parser(List<Token> tokens) { _tokens = tokens; }

    private Token Current => _tokens[_position];

    private Token Next => _tokens[Math.Min(_position + 1, _tokens.Count - 1)];

    /// <summary>Parses a whole answer.</summary>
    /// <exception cref="NotMathsException">The text is not in the grammar.</exception>
    /// <exception cref="BoundExceededException">The text is too deep or too long.</exception>
    public static Expression Parse(List<Token> tokens, int start = 0)
    {
        var parser = new Parser([.. tokens]) { _position = start };
        var answer = parser.ParseAnswer();
        if (parser.Current.Kind != TokenKind.End) { throw new NotMathsException("text after the answer"); }
        return answer;
    }

    /// <summary>One item, or a list; semicolons separate groups of commas ("p=5, q=2; p=7, q=2"), which are tuples.</summary>
    private Expression ParseAnswer()
    {
        var groups = new List<List<Expression>> { new() };
        while (true)
        {
            while (Current.Is(',')) { _position++; }
            if (Current.Kind == TokenKind.End) { break; }
            ParseItemInto(groups[^1]);
            SkipFullStop();
            if (Current.Is(';')) { groups.Add([]); }
            else if (!Current.Is(',')) { break; }
            _position++;
            if (groups.Count + groups[^1].Count > MaxItems) { throw new BoundExceededException("too-many-items"); }
        }

        groups.RemoveAll(group => group.Count == 0);
        var areTuples = groups.Count > 1 && groups.Exists(group => group.Count > 1);
        var items = areTuples ? groups.ConvertAll(AsTuple) : [.. groups.SelectMany(group => group)];
        return items.Count switch
        {
            0 => throw new NotMathsException("nothing"),
            1 => items[0],
            _ => new(List, "", [.. items]),
        };
    }

    private static Expression AsTuple(List<Expression> items) => items.Count == 1 ? items[0] : new(ExpressionKind.Tuple, "", [.. items]);

    private void SkipFullStop()
    {
        if (Current.Is('.') && (Next.Kind == TokenKind.End || Next.Is(','))) { _position++; }
    }

    private void ParseItemInto(List<Expression> items)
    {
        var (start, splits) = (_position, _splits.Count);
        var outer = _sawPlusMinus;
        _sawPlusMinus = false;
        items.Add(ParseItem());
        if (_sawPlusMinus && !_isSecondSign)
        {
            Restore(start, splits);
            _isSecondSign = true;
            items.Add(ParseItem());
            _isSecondSign = false;
        }

        _sawPlusMinus = outer;
    }

    /// <summary>Goes back to a position; tokens that were split since ("\frac12") are whole again.</summary>
    private void Restore(int position, int splits)
    {
        _position = position;
        while (_splits.Count > splits)
        {
            var (at, token) = _splits.Pop();
            _tokens[at] = token;
        }
    }

    private string Split(TokenKind kind)
    {
        var text = Current.Text;
        _splits.Push((_position, Current));
        _tokens[_position] = new(kind, text[1..], false);
        return text[..1];
    }

    private Expression ParseItem()
    {
        Enter();
        if (Current.Is('=') || Current.IsCommand("approx")) { _position++; }
        var sides = new List<Expression> { TryDefinition() ?? ParseUnion() };
        var operators = "";
        while (RelationHere() is var relation && relation != '\0')
        {
            _position++;
            operators += relation;
            sides.Add(ParseUnion());
            if (sides.Count > 32) { throw new BoundExceededException("too-many-items"); }
        }

        _depth--;
        return sides.Count == 1 ? sides[0] : new(Relation, operators, [.. sides]);
    }

    private char RelationHere() => Current.Kind switch
    {
        TokenKind.Symbol when Current.Text[0] is '=' or '<' or '>' or '≤' or '≥' or '≠' or '→' => Current.Text[0],
        TokenKind.Command when Vocabulary.Relations.TryGetValue(Current.Text, out var relation) => relation,
        TokenKind.Command when Current.Text == "not" && Next.Is('=') => SkipNot(),
        _ => '\0',
    };

    private char SkipNot()
    {
        _position++;
        return '≠';
    }

    /// <summary>"W(n) = ..." names a function, whatever the letter: a name, arguments that are symbols, and a relation.</summary>
    private Expression? TryDefinition()
    {
        var start = _position;
        if (Current.Kind == TokenKind.Word && Current.Text.Length > 1) { return null; }
        if (Current.Kind != TokenKind.Word && !(Current.Kind == TokenKind.Command && Vocabulary.Greek.Contains(Current.Text))) { return null; }
        var at = _position + 1;
        while (_tokens[at].Is('\'')) { at++; }
        var inverse = InverseMark(at);
        at += inverse;
        if (_tokens[at].Is('_'))
        {
            at += _tokens[at + 1].Is('{') ? 4 : 2;
        }

        if (at >= _tokens.Count || !_tokens[at].Is('(')) { return null; }
        var close = at + 1;
        for (; close < _tokens.Count && !_tokens[close].Is(')'); close++)
        {
            var token = _tokens[close];
            if (!token.Is(',') && token.Kind is not (TokenKind.Word or TokenKind.Number) && !(token.Kind == TokenKind.Command && Vocabulary.Greek.Contains(token.Text))) { return null; }
        }

        if (close == at + 1 || close + 1 >= _tokens.Count || !_tokens[close + 1].Is('=')) { return null; }
        var name = ParseSymbol();
        if (Current.Is('_')) { name = ParseSubscript(name); }
        _position += inverse;
        if (!Current.Is('(')) { _position = start; return null; }
        if (inverse > 0) { name = new(Symbol, name.Name + "^-1"); }
        var arguments = ParseCallArguments();
        return new(ExpressionKind.Call, name.Name, arguments);
    }

    /// <summary>The number of tokens of "^{-1}" at a position.</summary>
    private int InverseMark(int at)
    {
        string[] mark = ["^", "{", "-", "1", "}"];
        for (var i = 0; i < mark.Length; i++)
        {
            if (at + i >= _tokens.Count || _tokens[at + i].Text != mark[i]) { return 0; }
        }

        return mark.Length;
    }

    private Expression ParseUnion()
    {
        var first = ParseSum();
        if (Current.Is(':') && !_isInSet) { return ParseRatio(first); }
        while (Current.Kind == TokenKind.Command && Current.Text is "cup" or "cap" or "setminus" or "backslash" || IsUnionLetter())
        {
            var operation = Current.Kind == TokenKind.Word ? "cup" : Current.Text;
            _position++;
            var next = ParseSum();
            if (operation == "cup")
            {
                Expression[] parts = first.Kind == Union ? [.. first.Items, next] : [first, next];
                if (parts.Length > MaxItems) { throw new BoundExceededException("too-many-items"); }
                first = new(Union, "", parts);
            }
            else { first = new(ExpressionKind.Call, operation == "cap" ? "cap" : "setminus", [first, next]); }
        }

        return first;
    }

    private bool IsUnionLetter() => Current.Kind == TokenKind.Word && Current.Text is "U" or "u" && (Next.Is('(') || Next.Is('['));

    private Expression ParseRatio(Expression first)
    {
        var items = new List<Expression> { first };
        var isTime = first.IsInteger && first.Value.Sign >= 0 && first.Value < 25;
        while (Current.Is(':'))
        {
            _position++;
            isTime &= Current.Kind == TokenKind.Number && Current.Text.Length == 2 && Current.Text[0] < '6';
            items.Add(ParseSum());
            if (items.Count > 16) { throw new BoundExceededException("too-many-items"); }
        }

        return new(Ratio, isTime && items.Count <= 3 ? "time" : "", [.. items]);
    }

    private Expression ParseSum()
    {
        Enter();
        var terms = new List<Expression> { ParseTerm() };
        while (TrySign() is { } sign)
        {
            var term = ParseTerm();
            terms.Add(sign < 0 ? Algebra.Negate(term) : term);
            if (terms.Count > MaxTerms) { throw new BoundExceededException("too-many-items"); }
        }

        _depth--;
        var sum = terms.Count == 1 ? terms[0] : Algebra.Add([.. terms]);
        if (Current.Kind == TokenKind.Command && Current.Text is "mod" or "bmod")
        {
            _position++;
            sum = Algebra.Call("mod", sum, ParseTerm());
        }

        return sum;
    }

    /// <summary>+1 or -1 where a sign stands here; \pm counts as the sign of this reading.</summary>
    private int? TrySign()
    {
        int? sign = Current switch
        {
            var t when t.Is('+') => 1,
            var t when t.Is('-') => -1,
            var t when t.IsCommand("pm") => PlusMinus(1),
            var t when t.IsCommand("mp") => PlusMinus(-1),
            _ => null,
        };
        if (sign is null) { return null; }
        _position++;
        return sign;
    }

    private int PlusMinus(int sign)
    {
        _sawPlusMinus = true;
        return _isSecondSign ? -sign : sign;
    }

    private Expression ParseTerm()
    {
        Enter();
        var factors = new List<Expression> { ParseFactor() };
        while (true)
        {
            if (IsTimes())
            {
                _position++;
                factors.Add(ParseFactor());
            }
            else if (Current.Is('/') || Current.IsCommand("div"))
            {
                _position++;
                factors.Add(Algebra.Power(ParseFactor(), Algebra.MinusOne));
            }
            else if (TryUnit(factors) is { } unit) { factors.Add(unit); }
            else if (StartsFactor()) { ParseImplicit(factors); }
            else { break; }
            if (factors.Count > MaxFactors) { throw new BoundExceededException("too-many-items"); }
        }

        _depth--;
        return factors.Count == 1 ? factors[0] : Algebra.Multiply([.. factors]);
    }

    private bool IsTimes() => Current.Is('*') || (Current.Kind == TokenKind.Command && Current.Text is "cdot" or "times" or "bullet" or "ast" or "star")
        || (Current.Kind == TokenKind.Word && Current.Text is "x" or "X" && IsBehindNumber() && Next.Kind == TokenKind.Number && Next.Text == "10" && _tokens[_position + 2].Is('^'));

    private bool IsBehindNumber() => _position > 0 && _tokens[_position - 1].Kind == TokenKind.Number;

    /// <summary>A factor without a sign of multiplication. Two numbers in a row are a mixed number or nothing.</summary>
    private void ParseImplicit(List<Expression> factors)
    {
        var isFraction = Current.IsCommand("frac");
        if (Current.Kind == TokenKind.Number || isFraction)
        {
            var whole = _tokens[_position - 1].Kind == TokenKind.Number && factors[^1] is { IsInteger: true, HasDecimal: false } n && n.Value.Sign >= 0 ? factors[^1] : null;
            if (whole is not null && TryProperFraction() is { } fraction)
            {
                factors[^1] = ParsePostfix(Algebra.Add(whole, fraction));
                return;
            }

            if (Current.Kind == TokenKind.Number && _tokens[_position - 1].Kind is TokenKind.Number) { throw new NotMathsException("two numbers in a row"); }
        }

        factors.Add(ParseFactor());
    }

    /// <summary>The fraction of a mixed number: "3/5" or "\frac{3}{5}" of whole numbers, less than one.</summary>
    private Expression? TryProperFraction()
    {
        if (Current.IsCommand("frac"))
        {
            var (start, splits) = (_position, _splits.Count);
            var fraction = ParsePrimary();
            if (fraction.IsNumber && !fraction.HasDecimal && fraction.Value.Sign > 0 && fraction.Value < Rational.One) { return fraction; }
            Restore(start, splits);
            return null;
        }

        if (Next.Is('/') && _tokens[_position + 2].Kind == TokenKind.Number)
        {
            var (above, below) = (ToNumber(Current.Text), ToNumber(_tokens[_position + 2].Text));
            if (above.Value.IsInteger && below.Value.IsInteger && above.Value < below.Value && above.Value.Sign > 0)
            {
                _position += 3;
                return Algebra.Divide(above, below);
            }
        }

        return null;
    }

    private bool StartsFactor() => Current.Kind switch
    {
        TokenKind.Number or TokenKind.Word => true,
        TokenKind.Symbol => Current.Text[0] is '(' or '[' or '{' || (Current.Text[0] == '|' && _bars == 0),
        TokenKind.Command => Current.Text is not ("cup" or "cap" or "setminus" or "backslash" or "}" or "rangle" or "rfloor" or "rceil" or "rvert" or "rVert" or "norm" or "end"
            or "pm" or "mp" or "mid" or "mod" or "bmod" or "over" or "choose" or "colon" or "div" or "not") && !Vocabulary.Relations.ContainsKey(Current.Text),
        _ => false,
    };

    private void Enter()
    {
        if (++_depth > MaxDepth) { throw new BoundExceededException("too-deep"); }
    }

    private void Expect(char symbol)
    {
        if (!Current.Is(symbol)) { throw new NotMathsException($"{symbol} expected"); }
        _position++;
    }
}
