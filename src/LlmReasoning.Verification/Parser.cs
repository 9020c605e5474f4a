using System.Globalization;
using System.Numerics;
using static LlmReasoning.Verification.ExpressionKind;

namespace LlmReasoning.Verification;

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
internal sealed class Parser
{
    private const int MaxDepth = 64;
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
        var answer = parser.ParseAnswer(TokenKind.End, '\0');
        if (parser.Current.Kind != TokenKind.End) { throw new NotMathsException("text after the answer"); }
        return answer;
    }

    // ---- answer, lists -------------------------------------------------------------------------------------------------------

    private Expression ParseAnswer(TokenKind end, char closing)
    {
        var groups = new List<List<Expression>> { new() };
        while (true)
        {
            while (Current.Is(',')) { _position++; }
            if (Current.Kind == end || (closing != '\0' && Current.Is(closing))) { break; }
            ParseItemInto(groups[^1]);
            SkipFullStop();
            if (Current.Is(';')) { groups.Add([]); }
            else if (!Current.Is(',')) { break; }
            _position++;
            if (groups.Count + groups[^1].Count > MaxItems) { throw new BoundExceededException("too-many-items"); }
        }

        groups.RemoveAll(group => group.Count == 0);
        var isGrouped = groups.Count > 1 && groups.Exists(group => group.Count > 1);
        var items = isGrouped ? groups.ConvertAll(group => group.Count == 1 ? group[0] : new(ExpressionKind.Tuple, "", [.. group])) : groups.SelectMany(group => group).ToList();
        return items.Count switch
        {
            0 => throw new NotMathsException("nothing"),
            1 => items[0],
            _ => new(List, "", [.. items]),
        };
    }

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

    // ---- relations -----------------------------------------------------------------------------------------------------------

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
        if (_tokens[at].Is('_')) { at += 2; }
        if (at >= _tokens.Count || !_tokens[at].Is('(')) { return null; }
        var close = at + 1;
        for (; close < _tokens.Count && !_tokens[close].Is(')'); close++)
        {
            var token = _tokens[close];
            if (!token.Is(',') && token.Kind is not (TokenKind.Word or TokenKind.Number) && !(token.Kind == TokenKind.Command && Vocabulary.Greek.Contains(token.Text))) { return null; }
        }

        if (close == at + 1 || close + 1 >= _tokens.Count || !_tokens[close + 1].Is('=')) { return null; }
        var name = ParsePostfix(ParseSymbol());
        if (!Current.Is('(')) { _position = start; return null; }
        var arguments = ParseCallArguments();
        return new(ExpressionKind.Call, name.Name, arguments);
    }

    // ---- sets ----------------------------------------------------------------------------------------------------------------

    private Expression ParseUnion()
    {
        var first = ParseSum();
        if (Current.Is(':')) { return ParseRatio(first); }
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

    // ---- sums and products ---------------------------------------------------------------------------------------------------

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
        if (sign == 1 && Current.Is('-') && _tokens[_position - 1].Is('+') && Next.Kind != TokenKind.End && !Current.SpaceBefore && _tokens[_position - 1].Is('+'))
        {
            // "+-" in plain text is \pm only where nothing else makes sense; it is read as minus
            _position++;
            return -1;
        }

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
                factors[^1] = Algebra.Add(whole, fraction);
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
            var fraction = ParseFactor();
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

    // ---- units ---------------------------------------------------------------------------------------------------------------

    /// <summary>
    /// A unit or a label behind a quantity: "cm", "\text{ cm}^2", "km/h", "(books)", "million". Single letters stay variables here.
    /// </summary>
    private Expression? TryUnit(List<Expression> factors)
    {
        var isBracket = Current.Is('(') && Next.Kind is TokenKind.Word or TokenKind.Text;
        var isWord = Current.Kind == TokenKind.Word && Current.Text.Length > 1;
        if (!isBracket && !isWord && Current.Kind != TokenKind.Text) { return null; }
        if (factors.Count > MaxQuantityFactors || !factors.TrueForAll(IsConstant)) { return null; }
        if (isBracket) { return TryLabelInBrackets(); }
        if (Current.Kind == TokenKind.Text) { return ParseUnitWords(UnitWords(TakeText())); }
        var word = Current.Text;
        if (Vocabulary.Magnitudes.TryGetValue(word, out var magnitude))
        {
            _position++;
            return Algebra.Number(magnitude);
        }

        var isUnit = Vocabulary.Units.ContainsKey(word) || (word.Length == 2 && IsTimeMark(word));
        var isLabel = word.Length >= 4 && !Vocabulary.Functions.Contains(word) && !Vocabulary.Greek.Contains(word) && !word.StartsWith("arc", StringComparison.Ordinal) && word != "infinity" && word != "sqrt";
        if (!isUnit && !isLabel && !(word is "square" or "cubic" or "sq" or "cu")) { return null; }
        var words = new List<string>();
        while (Current.Kind == TokenKind.Word || Current.Kind == TokenKind.Text || (Current.Is('/') && words.Count > 0 && IsUnitToken(Next)) || (Current.Is('^') && words.Count > 0))
        {
            if (Current.Is('^'))
            {
                words.Add("^" + ReadUnitExponent());
                continue;
            }

            if (Current.Kind == TokenKind.Text) { words.AddRange(UnitWords(TakeText())); continue; }
            words.Add(Current.Text);
            _position++;
        }

        return ParseUnitWords(words);
    }

    private static bool IsTimeMark(string word) => word is "am" or "pm" or "AM" or "PM";

    private static bool IsUnitToken(Token token) => token.Kind is TokenKind.Word or TokenKind.Text && (Vocabulary.Units.ContainsKey(token.Text.Trim()) || token.Kind == TokenKind.Text);

    private string TakeText()
    {
        var text = Current.Text;
        _position++;
        return text;
    }

    private List<string> UnitWords(string text)
    {
        var words = new List<string>();
        var start = -1;
        for (var i = 0; i <= text.Length; i++)
        {
            var isLetter = i < text.Length && char.IsLetter(text[i]);
            if (isLetter && start < 0) { start = i; }
            if (!isLetter && start >= 0)
            {
                words.Add(text[start..i]);
                start = -1;
            }

            if (i < text.Length && text[i] == '/') { words.Add("/"); }
            if (i + 1 < text.Length && text[i] == '^' && char.IsAsciiDigit(text[i + 1])) { words.Add("^" + text[i + 1]); }
        }

        if (Current.Is('^') && words.Count > 0) { words.Add("^" + ReadUnitExponent()); }
        return words;
    }

    private string ReadUnitExponent()
    {
        _position++;
        var exponent = ParseArgument(wholeNumber: true);
        return exponent.IsInteger ? exponent.Value.Numerator.ToString(CultureInfo.InvariantCulture) : throw new NotMathsException("unit to a power");
    }

    private Expression? TryLabelInBrackets()
    {
        var close = _position + 1;
        var words = new List<string>();
        for (; close < _tokens.Count && !_tokens[close].Is(')'); close++)
        {
            if (_tokens[close].Kind is not (TokenKind.Word or TokenKind.Text) && !_tokens[close].Is('/') && !_tokens[close].Is('-') && !_tokens[close].Is('.') && !_tokens[close].Is('\'')) { return null; }
            words.AddRange(_tokens[close].Text.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        }

        if (close >= _tokens.Count || !words.Exists(w => w.Length >= 2 && w.All(char.IsLetter) && (w.Length > 3 || Vocabulary.Units.ContainsKey(w)))) { return null; }
        _position = close + 1;
        return ParseUnitWords(words);
    }

    /// <summary>A product of known units, or one label whose words do not count.</summary>
    private static Expression ParseUnitWords(List<string> words)
    {
        if (words.Count == 0) { return Algebra.One; }
        var unit = new List<Expression>();
        var exponent = 1;
        var squared = 1;
        foreach (var word in words)
        {
            if (word is "/" or "per") { exponent = -1; }
            else if (word is "square" or "sq") { squared = 2; }
            else if (word is "cubic" or "cu") { squared = 3; }
            else if (word is "squared" or "cubed" && unit.Count > 0) { unit[^1] = Algebra.Power(unit[^1], Algebra.Number(word == "squared" ? 2 : 3)); }
            else if (word[0] == '^' && unit.Count > 0 && int.TryParse(word.AsSpan(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var power) && Math.Abs(power) < 10)
            {
                unit[^1] = Algebra.Power(unit[^1], Algebra.Number(power));
            }
            else if (Vocabulary.Magnitudes.TryGetValue(word, out var magnitude)) { unit.Add(Algebra.Number(magnitude)); }
            else if (word is "mph" or "kph" or "kmh")
            {
                unit.Add(Algebra.Divide(new(Unit, word == "mph" ? "mi" : "km"), new(Unit, "h")));
            }
            else if (Vocabulary.Units.TryGetValue(word, out var name))
            {
                unit.Add(Algebra.Power(new(Unit, name), Algebra.Number(exponent * squared)));
                (exponent, squared) = (1, 1);
            }
            else if (IsTimeMark(word)) { unit.Add(new(Unit, word.ToLowerInvariant())); }
            else if (word is "units" or "unit" && unit.Count == 0) { continue; }
            else { return new(Unit, "label"); }
        }

        return unit.Count == 0 ? new(Unit, "label") : Algebra.Multiply([.. unit]);
    }

    private static bool IsConstant(Expression e) => e.Kind != Symbol && e.Kind != ExpressionKind.Tuple && e.Kind != ExpressionKind.Interval && Array.TrueForAll(e.Items, IsConstant);

    // ---- factors -------------------------------------------------------------------------------------------------------------

    private Expression ParseFactor()
    {
        if (TrySign() is { } sign)
        {
            Enter();
            var factor = ParseFactor();
            _depth--;
            return sign < 0 ? Algebra.Negate(factor) : factor;
        }

        Enter();
        var result = ParsePostfix(ParsePrimary());
        _depth--;
        return result;
    }

    private Expression ParsePostfix(Expression e)
    {
        while (true)
        {
            if (Current.Is('^')) { e = ParseSuperscript(e); }
            else if (Current.Is('_')) { e = ParseSubscript(e); }
            else if (Current.Is('!'))
            {
                _position++;
                e = Algebra.Call("factorial", e);
            }
            else if (Current.Is('\'') && e.Kind == Symbol)
            {
                _position++;
                e = new(Symbol, e.Name + "'");
            }
            else if (Current.Is('%') || Current.IsCommand("percent"))
            {
                _position++;
                e = Algebra.Multiply(e, new(Unit, "percent"));
            }
            else if (Current.IsCommand("degree") || Current.IsCommand("circ")) { e = ParseDegree(e); }
            else if (Current.Kind == TokenKind.Command && Current.Text is "euro" or "yen" or "pounds" && IsBehindNumber())
            {
                e = Algebra.Multiply(e, new(Unit, TakeText()));
            }
            else { return e; }
        }
    }

    private Expression ParseDegree(Expression e)
    {
        _position++;
        if (Current.Kind == TokenKind.Word && Current.Text is "C" or "F")
        {
            return Algebra.Multiply(e, new(Unit, "degree" + TakeText()));
        }

        return Algebra.Multiply(e, new(Unit, "degree"));
    }

    private Expression ParseSuperscript(Expression e)
    {
        _position++;
        if (Current.IsCommand("circ") || Current.IsCommand("degree")) { return ParseDegree(e); }
        if (Current.Is('{') && (Next.IsCommand("circ") || Next.IsCommand("degree")) && _tokens[_position + 2].Is('}'))
        {
            _position++;
            var degree = ParseDegree(e);
            Expect('}');
            return degree;
        }

        if (Current.IsCommand("prime") || (Current.Is('{') && Next.IsCommand("prime")))
        {
            var primes = ParseArgument(wholeNumber: true);
            return e.Kind == Symbol ? new(Symbol, e.Name + "'") : new(ExpressionKind.Call, "derivative", [e, primes]);
        }

        var exponent = ParseArgument(wholeNumber: true);
        return Algebra.Power(e, exponent);
    }

    private Expression ParseSubscript(Expression e)
    {
        _position++;
        var subscript = ParseArgument(wholeNumber: true);
        if (e.IsInteger && e.Value.Sign >= 0)
        {
            var numeralBase = subscript.Kind == Text && Vocabulary.NumberWords.TryGetValue(subscript.Name, out var word) ? Algebra.Number(word) : subscript;
            return new(Numeral, e.Value.Numerator.ToString(CultureInfo.InvariantCulture), [numeralBase]);
        }

        if (e.Kind is Symbol or Constant)
        {
            var name = $"{e.Name}_{subscript}";
            return name.Length <= MaxNameLength ? new(Symbol, name) : throw new BoundExceededException("too-large");
        }

        return new(ExpressionKind.Call, "subscript", [e, subscript]);
    }

    /// <summary>What follows "^", "_", "\frac" or "\sqrt": a group in braces, a command with its arguments, or one digit or letter.</summary>
    private Expression ParseArgument(bool wholeNumber = false)
    {
        Enter();
        var argument = ParseArgumentCore(wholeNumber);
        _depth--;
        return argument;
    }

    private Expression ParseArgumentCore(bool wholeNumber)
    {
        if (Current.Is('{')) { return ParseGroup(); }
        if (Current.Is('-') || Current.Is('+'))
        {
            var sign = TrySign();
            var argument = ParseArgument(wholeNumber);
            return sign < 0 ? Algebra.Negate(argument) : argument;
        }

        if (Current.Kind == TokenKind.Number)
        {
            var text = Current.Text;
            if (wholeNumber || text.Length == 1 || text.AsSpan().IndexOfAnyExceptInRange('0', '9') >= 0)
            {
                _position++;
                return ToNumber(text);
            }

            return ToNumber(Split(TokenKind.Number));
        }

        if (Current.Kind == TokenKind.Text)
        {
            return new(Text, AnswerText.Fold(TakeText()));
        }

        if (Current.Kind == TokenKind.Symbol && Current.Text[0] is '*' or '+')
        {
            return new(Symbol, TakeText());
        }

        return ParsePrimary();
    }

    private Expression ParseGroup()
    {
        Enter();
        Expect('{');
        var bars = _bars;
        _bars = 0;
        var items = new List<Expression>();
        while (!Current.Is('}'))
        {
            items.Add(Current.Kind == TokenKind.Text && Next.Is('}') ? new(Text, AnswerText.Fold(TakeText())) : ParseItem());
            if (Current.IsCommand("over") || Current.IsCommand("choose"))
            {
                var command = TakeText();
                var below = ParseItem();
                items[^1] = command == "over" ? Algebra.Divide(items[^1], below) : Algebra.Call("binom", items[^1], below);
            }

            if (Current.Is(',')) { _position++; }
            else if (!Current.Is('}')) { throw new NotMathsException("unexpected in braces"); }
            if (items.Count > MaxItems) { throw new BoundExceededException("too-many-items"); }
        }

        Expect('}');
        _bars = bars;
        _depth--;
        if (items.Count == 0) { return new(Symbol, "{}"); }
        return items.Count == 1 ? items[0] : new(List, "", [.. items]);
    }

    // ---- primaries -----------------------------------------------------------------------------------------------------------

    private Expression ParsePrimary()
    {
        var token = Current;
        switch (token.Kind)
        {
            case TokenKind.Number:
                _position++;
                return ToNumber(token.Text);
            case TokenKind.Word:
                return ParseWord();
            case TokenKind.Command:
                return ParseCommand();
            case TokenKind.Symbol when token.Text[0] is '(' or '[':
                return ParseBracket();
            case TokenKind.Symbol when token.Text[0] == '{':
                return ParseGroup();
            case TokenKind.Symbol when token.Text[0] == '|':
                return ParseBars();
            default:
                throw new NotMathsException($"unexpected {token.Text}");
        }
    }

    private Expression ToNumber(string text)
    {
        if (text[^1] == ')') { return ToRepeatingDecimal(text); }
        var exponentAt = text.IndexOf('e', StringComparison.Ordinal);
        var mantissa = exponentAt < 0 ? text : text[..exponentAt];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var digits = point < 0 ? mantissa : mantissa.Remove(point, 1);
        if (digits.Length > 1200) { throw new BoundExceededException("too-large"); }
        var value = digits.Length == 0 ? BigInteger.Zero : BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
        var scale = point < 0 ? 0 : digits.Length - point;
        var exponent = exponentAt < 0 ? 0 : int.Parse(text.AsSpan(exponentAt + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var isDecimal = point >= 0 || exponentAt >= 0;
        var power = exponent - scale;
        _numberBits += (digits.Length + Math.Abs(power)) * 4L;
        if (_numberBits > MaxNumberBits) { throw new BoundExceededException("too-large"); }
        if (power == 0) { return Algebra.Number(value, isDecimal); }
        return Rational.Pow(10, power) is { } factor
            ? Algebra.Number(Rational.Create(value, 1) * factor, isDecimal)
            : Algebra.Multiply(Algebra.Number(value, isDecimal), Algebra.Power(Algebra.Number(10), Algebra.Number(power)));
    }

    /// <summary>"0.1(6)" = (16 - 1) / 90.</summary>
    private static Expression ToRepeatingDecimal(string text)
    {
        var (point, open) = (text.IndexOf('.', StringComparison.Ordinal), text.IndexOf('(', StringComparison.Ordinal));
        var fixedDigits = string.Concat(text.AsSpan(0, point), text.AsSpan(point + 1, open - point - 1));
        var repetend = text[(open + 1)..^1];
        if (fixedDigits.Length + repetend.Length > 400) { throw new BoundExceededException("too-large"); }
        var all = BigInteger.Parse(fixedDigits + repetend, NumberStyles.None, CultureInfo.InvariantCulture);
        var first = BigInteger.Parse("0" + fixedDigits, NumberStyles.None, CultureInfo.InvariantCulture);
        var denominator = BigInteger.Pow(10, open - point - 1) * (BigInteger.Pow(10, repetend.Length) - 1);
        return Algebra.Number(Rational.Create(all - first, denominator));
    }

    /// <summary>A run of letters: a function, a named constant, or else a product of its letters.</summary>
    private Expression ParseWord()
    {
        var word = Current.Text;
        if (word.Length > 1)
        {
            if (word is "pi" or "Pi") { _position++; return Algebra.Pi; }
            if (word is "infinity" or "inf" or "oo" or "infty" or "Infinity") { _position++; return Algebra.Infinity; }
            if (Vocabulary.Functions.Contains(word))
            {
                _position++;
                return ParseFunction(word);
            }

            if (Vocabulary.Greek.Contains(word)) { _position++; return new(Symbol, word); }
            if (word.Length >= 5) { throw new NotMathsException("a word"); }
        }

        return ParseSymbol();
    }

    /// <summary>One letter, with its primes; the rest of a word stays to be read.</summary>
    private Expression ParseSymbol()
    {
        var text = Current.Text;
        string letter;
        if (Current.Kind == TokenKind.Command || text.Length == 1)
        {
            letter = text;
            _position++;
        }
        else
        {
            letter = Split(TokenKind.Word);
        }

        if (letter == "e") { return Algebra.E; }
        if (letter == "i") { return Algebra.I; }
        var symbol = new Expression(Symbol, letter);
        var isFunction = letter is "f" or "g" or "h" or "F" or "G" or "H";
        while (Current.Is('\''))
        {
            symbol = new(Symbol, symbol.Name + "'");
            _position++;
        }

        if (Current.Is('(') && (isFunction || (Next.Kind == TokenKind.Number && _tokens[_position + 2].Is(')'))))
        {
            return new(ExpressionKind.Call, symbol.Name, ParseCallArguments());
        }

        return symbol;
    }

    private Expression[] ParseCallArguments()
    {
        var inside = ParseBracket();
        return inside.Kind is ExpressionKind.Tuple or ExpressionKind.Interval ? inside.Items : [inside];
    }

    private Expression ParseFunction(string name)
    {
        Enter();
        name = name switch { "asin" => "arcsin", "acos" => "arccos", "atan" => "arctan", "lg" => "log", _ => name };
        Expression? logBase = null;
        Expression? power = null;
        for (var i = 0; i < 2; i++)
        {
            if (Current.Is('_') && logBase is null)
            {
                _position++;
                logBase = ParseArgument(wholeNumber: false);
            }
            else if (Current.Is('^') && power is null)
            {
                _position++;
                power = ParseArgument(wholeNumber: true);
            }
        }

        if (name == "sqrt" && Current.Is('[')) { return Leave(ParseRoot()); }
        if (name is "max" or "min" or "gcd" or "lcm" or "sup" or "inf")
        {
            Expression[] arguments = Current.Is('(') ? ParseCallArguments() : StartsFactor() ? [ParseTerm()] : [];
            return Leave(arguments.Length > 0 ? Algebra.Call(name, arguments) : new(Symbol, logBase is null ? name : $"{name}_{logBase}"));
        }

        var argument = ParseFunctionArgument();
        var value = name switch
        {
            "sqrt" => Algebra.Sqrt(argument),
            "log" => Algebra.Log(logBase ?? Algebra.Number(10), argument),
            _ => power == null || !power.Equals(Algebra.MinusOne) ? Algebra.Call(name, argument) : Algebra.Call("arc" + name, argument),
        };
        if (power is not null && !power.Equals(Algebra.MinusOne)) { value = Algebra.Power(value, power); }
        return Leave(value);
    }

    private Expression Leave(Expression e)
    {
        _depth--;
        return e;
    }

    /// <summary>A bracket or brace alone, else a product up to the next sign, function or bracket: "\sin 2\pi x".</summary>
    private Expression ParseFunctionArgument()
    {
        if (Current.Is('(') || Current.Is('{') || Current.Is('[')) { return ParsePostfixOfBracket(); }
        if (TrySign() is { } sign)
        {
            var negated = ParseFunctionArgument();
            return sign < 0 ? Algebra.Negate(negated) : negated;
        }

        var factors = new List<Expression> { ParseFactor() };
        while (StartsFactor() && !Current.Is('(') && !Current.Is('[') && !IsFunctionHere() && TryUnit(factors) is null)
        {
            factors.Add(ParseFactor());
            if (factors.Count > MaxItems) { throw new BoundExceededException("too-many-items"); }
        }

        return factors.Count == 1 ? factors[0] : Algebra.Multiply([.. factors]);
    }

    private Expression ParsePostfixOfBracket()
    {
        var argument = ParsePrimary();
        return argument;
    }

    private bool IsFunctionHere() => Current.Kind is TokenKind.Word or TokenKind.Command && Vocabulary.Functions.Contains(Current.Text);

    // ---- brackets ------------------------------------------------------------------------------------------------------------

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
        ParseItemInto(items);
        _bars = 0;
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

    // ---- commands ------------------------------------------------------------------------------------------------------------

    private Expression ParseCommand()
    {
        var name = Current.Text;
        if (name == "{") { return ParseSet(); }
        if (name == "begin") { return ParseMatrix(); }
        _position++;
        switch (name)
        {
            case "frac":
                var above = ParseArgument();
                return Algebra.Divide(above, ParseArgument());
            case "sqrt":
                return Current.Is('[') ? ParseRoot() : Algebra.Sqrt(ParseArgument(wholeNumber: true));
            case "cbrt":
                return Algebra.Power(ParseArgument(wholeNumber: true), Algebra.Number(Rational.Create(1, 3)));
            case "binom" or "tbinom" or "dbinom":
                var size = ParseArgument();
                return Algebra.Call("binom", size, ParseArgument());
            case "pi": return Algebra.Pi;
            case "infty": return Algebra.Infinity;
            case "R": return Algebra.Reals;
            case "mathbb" or "Bbb": return ParseNumberSet();
            case "Z" or "N" or "Q" or "C": return new(Symbol, "set " + name);
            case "emptyset" or "varnothing" or "oslash" or "O": return new(Set, "");
            case "lfloor": return ParseUpTo("rfloor", "floor");
            case "lceil": return ParseUpTo("rceil", "ceil");
            case "lvert": return ParseUpTo("rvert", "abs");
            case "norm" or "lVert" or "Vert": return ParseNorm(name);
            case "langle" or "lang": return ParseAngleBrackets();
            case "dollar" or "euro" or "pounds" or "yen": return ParseCurrency(name);
            case "sum" or "prod": return ParseSeries(name);
            case "int" or "iint" or "oint" or "lim": return ParseUnevaluated(name);
            case "angle" or "measuredangle" or "triangle" or "not" or "therefore": return ParsePrimary();
            case "dot" or "ddot":
                return new(Symbol, $"{name} {ParseArgument()}");
            case "pmod":
                return new(ExpressionKind.Call, "modulo", [ParseArgument()]);
            case "overset" or "underset" or "stackrel":
                ParseArgument();
                return ParseArgument();
        }

        if (Vocabulary.Functions.Contains(name)) { return ParseFunction(name); }
        if (Vocabulary.Greek.Contains(name))
        {
            return Current.Is('(') && Next.Kind == TokenKind.Word && name is "phi" or "varphi" or "mho" or "psi" && _tokens[_position + 2].Is(')')
                ? new(ExpressionKind.Call, name, ParseCallArguments())
                : new(Symbol, name);
        }

        return new(Symbol, $"\\{name}");               // an unknown command is a name
    }

    private Expression ParseRoot()
    {
        _position++;
        var degree = ParseSum();
        Expect(']');
        return Algebra.Power(ParseArgument(wholeNumber: true), Algebra.Power(degree, Algebra.MinusOne));
    }

    private Expression ParseNumberSet()
    {
        var inner = ParseArgument();
        if (inner.Kind != Symbol) { throw new NotMathsException("mathbb"); }
        return inner.Name == "R" ? Algebra.Reals : new(Symbol, "set " + inner.Name);
    }

    private Expression ParseUpTo(string closing, string function)
    {
        var bars = _bars;
        _bars = 0;
        var inside = ParseSum();
        _bars = bars;
        if (!Current.IsCommand(closing)) { throw new NotMathsException("open bracket"); }
        _position++;
        return Algebra.Call(function, inside);
    }

    private Expression ParseNorm(string opening)
    {
        var inside = ParseSum();
        if (!Current.IsCommand(opening) && !Current.IsCommand("rVert")) { throw new NotMathsException("open norm"); }
        _position++;
        return new(ExpressionKind.Call, "norm", [inside]);
    }

    private Expression ParseAngleBrackets()
    {
        var items = new List<Expression>();
        while (!Current.IsCommand("rangle") && !Current.IsCommand("rang"))
        {
            ParseItemInto(items);
            if (Current.Is(',') || Current.Is(';')) { _position++; }
            else if (Current.Kind == TokenKind.End || items.Count > MaxItems) { throw new NotMathsException("open bracket"); }
        }

        _position++;
        return items.Count == 1 ? items[0] : new(ExpressionKind.Tuple, "", [.. items]);
    }

    private Expression ParseCurrency(string name)
    {
        var amount = ParseFactor();
        return Algebra.Multiply(amount, new(Unit, name));
    }

    private Expression ParseSeries(string name)
    {
        Expression? index = null;
        Expression? from = null;
        Expression? to = null;
        for (var i = 0; i < 2; i++)
        {
            if (Current.Is('_'))
            {
                _position++;
                var below = ParseArgument();
                (index, from) = below is { Kind: Relation, Name: "=", Items: [var left, var right] } ? (left, right) : (below, Algebra.Undefined);
            }
            else if (Current.Is('^'))
            {
                _position++;
                to = ParseArgument(wholeNumber: true);
            }
        }

        var body = ParseTerm();
        if (index is null) { return new(ExpressionKind.Call, name, [body]); }
        if (to is null || from!.Equals(Algebra.Undefined)) { return new(ExpressionKind.Call, name, [body, index]); }
        return Algebra.Call(name, body, index, from, to);
    }

    /// <summary>Integrals and limits are kept as they stand: restating the task is no answer.</summary>
    private Expression ParseUnevaluated(string name)
    {
        var parts = new List<Expression>();
        while (Current.Is('_') || Current.Is('^'))
        {
            _position++;
            parts.Add(ParseArgument(wholeNumber: true));
            if (parts.Count > 4) { throw new NotMathsException("limits"); }
        }

        parts.Add(ParseTerm());
        return new(ExpressionKind.Call, name, [.. parts]);
    }

    private Expression ParseMatrix()
    {
        Enter();
        _position++;
        var environment = Current.Text;
        _position++;
        if (environment is not ("pmatrix" or "bmatrix" or "matrix" or "array" or "vmatrix" or "Bmatrix" or "smallmatrix" or "cases")) { throw new NotMathsException(environment); }
        var bars = _bars;
        _bars = 0;
        var items = new List<Expression>();
        var rows = 0;
        while (!Current.IsCommand("end"))
        {
            while (Current.IsCommand("hline")) { _position++; }
            if (Current.IsCommand("end")) { break; }
            var before = items.Count;
            items.Add(ParseItem());
            while (Current.Is('&'))
            {
                _position++;
                items.Add(ParseItem());
                if (items.Count > MaxMatrix) { throw new BoundExceededException("too-large"); }
            }

            rows++;
            if (rows > 1 && (items.Count - before) * rows != items.Count) { throw new NotMathsException("rows of different lengths"); }
            if (Current.Kind == TokenKind.NewRow) { _position++; }
            else if (!Current.IsCommand("end")) { throw new NotMathsException("unexpected in a matrix"); }
        }

        _position++;
        _bars = bars;
        _depth--;
        if (rows == 0) { throw new NotMathsException("empty matrix"); }
        var matrix = new Expression(Matrix, environment == "cases" ? $"{rows}" : $"{rows}", [.. items]);
        return environment == "vmatrix" ? Algebra.Call("det", matrix) : matrix;
    }

    // ---- bounds --------------------------------------------------------------------------------------------------------------

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
