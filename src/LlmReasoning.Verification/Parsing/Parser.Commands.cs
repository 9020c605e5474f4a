using static LlmReasoning.Verification.Expressions.ExpressionKind;

namespace LlmReasoning.Verification.Parsing;

/// <summary>LaTeX commands: fractions, roots, sums, integrals, matrices.</summary>
internal sealed partial class Parser
{
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
                return Quotient(above, ParseArgument());
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

    /// <summary>A quotient of expressions, of units ("\frac{\text{miles}}{\text{hour}}"), or a derivative ("\frac{dy}{dx}"), which is a name.</summary>
    private static Expression Quotient(Expression above, Expression below)
    {
        if (IsDifferential(above) is { } y && IsDifferential(below) is { } x) { return new(Symbol, $"d{y}/d{x}"); }
        return Algebra.Divide(AsUnits(above), AsUnits(below));
    }

    private static string? IsDifferential(Expression e)
    {
        if (e.Kind != ExpressionKind.Multiply || e.Items.Length != 2) { return null; }
        var (first, second) = (e.Items[0], e.Items[1]);
        if (first.Kind != Symbol || second.Kind != Symbol) { return null; }
        return first.Name == "d" ? second.Name : second.Name == "d" ? first.Name : null;
    }

    private static Expression AsUnits(Expression e) => e.Kind == Text ? ParseUnitWords([e.Name]) : e;

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
        var matrix = new Expression(Matrix, $"{rows}", [.. items]);
        return environment == "vmatrix" ? Algebra.Call("det", matrix) : matrix;
    }
}
