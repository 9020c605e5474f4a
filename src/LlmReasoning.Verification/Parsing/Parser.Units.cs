using System.Globalization;
using static LlmReasoning.Verification.Expressions.ExpressionKind;

namespace LlmReasoning.Verification.Parsing;

/// <summary>Units, currencies and labels behind a quantity.</summary>
internal sealed partial class Parser
{
    /// <summary>
    /// A unit or a label behind a quantity: "cm", "\text{ cm}^2", "km/h", "(books)", "million". Single letters stay variables here.
    /// </summary>
    private Expression? TryUnit(List<Expression> factors)
    {
        var isBracket = Current.Is('(') && Next.Kind is TokenKind.Word or TokenKind.Text;
        var isWord = Current.Kind == TokenKind.Word && Current.Text.Length > 1;
        if (!isBracket && !isWord && Current.Kind != TokenKind.Text) { return null; }
        var isConstant = factors.Count <= MaxQuantityFactors && factors.TrueForAll(IsConstant);
        if (Current.Kind == TokenKind.Text)
        {
            var text = UnitWords(TakeText());
            while (Current.Is('/') && Next.Kind == TokenKind.Text)
            {
                _position++;
                text.Add("/");
                text.AddRange(UnitWords(TakeText()));
            }

            var unit = ParseUnitWords(text);
            return isConstant || unit is not { Kind: Unit, Name: "label" } ? unit : throw new NotMathsException("words behind an expression");
        }

        if (!isConstant) { return null; }
        if (isBracket) { return TryLabelInBrackets(); }
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

    private static bool IsTimeMark(string word) => word is "am" or "pm" or "AM" or "PM" or "Am" or "Pm";

    private static bool IsUnitToken(Token token) => token.Kind is TokenKind.Word or TokenKind.Text && (Vocabulary.Units.ContainsKey(token.Text.Trim()) || token.Kind == TokenKind.Text);

    private string TakeText()
    {
        var text = Current.Text;
        _position++;
        return text;
    }

    private List<string> UnitWords(string text)
    {
        if (text.Replace(".", "", StringComparison.Ordinal) is var mark && IsTimeMark(mark)) { return [mark]; }
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
}
