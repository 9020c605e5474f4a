using System.Globalization;
using System.Numerics;
using static LlmReasoning.Verification.Expressions.ExpressionKind;

namespace LlmReasoning.Verification.Parsing;

/// <summary>Factors: exponents, subscripts, degrees, numbers, letters and functions.</summary>
internal sealed partial class Parser
{
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
            else if (Current.Kind == TokenKind.Command && Current.Text is "euro" or "yen" or "pounds" or "cent" && IsBehindNumber())
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
        if (Current.Is('(') || Current.Is('{') || Current.Is('[')) { return ParsePrimary(); }
        if (TrySign() is { } sign)
        {
            var negated = ParseFunctionArgument();
            return sign < 0 ? Algebra.Negate(negated) : negated;
        }

        var factors = new List<Expression> { ParseFactor() };
        while (true)
        {
            if (TryUnit(factors) is { } unit) { factors.Add(unit); }
            else if (StartsFactor() && !Current.Is('(') && !Current.Is('[') && !IsFunctionHere()) { factors.Add(ParseFactor()); }
            else { break; }
            if (factors.Count > MaxItems) { throw new BoundExceededException("too-many-items"); }
        }

        return factors.Count == 1 ? factors[0] : Algebra.Multiply([.. factors]);
    }

    private bool IsFunctionHere() => Current.Kind is TokenKind.Word or TokenKind.Command && Vocabulary.Functions.Contains(Current.Text);
}
