using System.Globalization;
using System.Text;

namespace LlmReasoning.Verification.Parsing;

/// <summary>
/// Cuts LaTeX or plain-text maths into tokens. Spacing, sizing and dollar signs vanish here, signs of Unicode become LaTeX,
/// thousands separators are taken out of numbers, and the words "and" and "or" become commas.
/// </summary>
internal sealed class Lexer
{
    /// <summary>Longer answers are refused.</summary>
    public const int MaxLength = 4000;

    private readonly string _text;
    private readonly List<Token> _tokens = new(32);
    private readonly bool _joinThousands;
    private int _position;
    private int _brackets;
    private int _matrices;
    private bool _space;

    private Lexer(string text, bool joinThousands)
    {
        _text = text;
        _joinThousands = joinThousands;
    }

    private char Current => _position < _text.Length ? _text[_position] : '\0';

    /// <summary>The tokens of a text, the last one End.</summary>
    /// <exception cref="BoundExceededException">The text is too long.</exception>
    public static List<Token> Read(string text, bool joinThousands = true)
    {
        if (text.Length > MaxLength) { throw new BoundExceededException("too-long"); }
        var lexer = new Lexer(WithSigns(text), joinThousands);
        lexer.Run();
        return lexer._tokens;
    }

    /// <summary>Digits of any script become ASCII digits, signs become LaTeX.</summary>
    private static string WithSigns(string text)
    {
        if (Ascii.IsValid(text)) { return text; }
        var result = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            if (c < 128) { result.Append(c); }
            else if (c is >= '０' and <= '９') { result.Append((char)(c - '０' + '0')); }
            else if (c is >= 'Ａ' and <= 'Ｚ') { result.Append((char)(c - 'Ａ' + 'A')); }
            else if (c is >= 'ａ' and <= 'ｚ') { result.Append((char)(c - 'ａ' + 'a')); }
            else if (char.IsDigit(c)) { result.Append((char)('0' + CharUnicodeInfo.GetDecimalDigitValue(c))); }
            else if (c == '或' || c == '和') { result.Append(" or "); }
            else if (Vocabulary.Signs.TryGetValue(c, out var sign))
            {
                result.Append(sign);
                if (sign.Length > 1 && sign[0] == '\\' && char.IsAsciiLetter(sign[^1])) { result.Append(' '); }
            }
            else { result.Append(c); }
        }

        return result.Length <= 2 * MaxLength ? result.ToString() : throw new BoundExceededException("too-long");
    }

    private void Run()
    {
        while (_position < _text.Length)
        {
            var c = Current;
            if (char.IsWhiteSpace(c) || c is '$' or '~')
            {
                _space = true;
                _position++;
            }
            else if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Peek(1)))) { ReadNumber(); }
            else if (c == '\\') { ReadCommand(); }
            else if (char.IsLetter(c)) { ReadWord(); }
            else { ReadSymbol(); }
        }

        Emit(TokenKind.End, "");
    }

    private char Peek(int ahead) => _position + ahead < _text.Length ? _text[_position + ahead] : '\0';

    private void Emit(TokenKind kind, string text)
    {
        _tokens.Add(new(kind, text, _space));
        _space = false;
    }

    private void ReadNumber()
    {
        var digits = ReadDigits();
        var repetend = Current == '.' && Peek(1) == '\\' ? ReadRepetend(digits) : "";
        digits += repetend;
        if (repetend.Length == 0 && Current == '.' && Peek(1) != '.' && !digits.Contains('.', StringComparison.Ordinal))
        {
            var hasDigits = char.IsAsciiDigit(Peek(1));
            if (hasDigits || (digits.Length > 0 && !char.IsAsciiLetter(Peek(1)) && _position + 1 < _text.Length && !char.IsWhiteSpace(Peek(1))))
            {
                _position++;
                digits += hasDigits ? "." + ReadRun() : "";
            }
        }

        if (Current == '\\' && repetend.Length == 0 && digits.Contains('.', StringComparison.Ordinal)) { digits += ReadRepetend(digits); }
        if (Current is 'e' or 'E' && !digits.EndsWith(')'))
        {
            var sign = Peek(1) is '+' or '-' ? 1 : 0;
            var end = _position + 1 + sign;
            while (end < _text.Length && char.IsAsciiDigit(_text[end])) { end++; }
            if (end > _position + 1 + sign && end - _position < 8 && !(end < _text.Length && char.IsAsciiLetter(_text[end])))
            {
                digits += string.Concat("e", _text.AsSpan(_position + 1, end - _position - 1));
                _position = end;
            }
        }

        Emit(TokenKind.Number, digits);
    }

    /// <summary>The digits that repeat in "0.1\overline{6}", written "(6)".</summary>
    private string ReadRepetend(string digits)
    {
        var start = Current == '.' ? _position + 1 : _position;
        var rest = _text.AsSpan(start);
        var length = rest.StartsWith("\\overline{") ? 10 : rest.StartsWith("\\bar{") ? 5 : rest.StartsWith("\\dot{") ? 5 : 0;
        var end = length == 0 ? -1 : rest.IndexOf('}');
        if (end <= length || rest[length..end].IndexOfAnyExceptInRange('0', '9') >= 0) { return ""; }
        var repetend = rest[length..end].ToString();
        _position = start + end + 1;
        return digits.Contains('.', StringComparison.Ordinal) ? $"({repetend})" : $".({repetend})";
    }

    private string ReadRun()
    {
        var start = _position;
        while (char.IsAsciiDigit(Current)) { _position++; }
        return _text[start.._position];
    }

    /// <summary>
    /// Digits with thousands separators taken out: "12,000", "12{,}000", "12,\!000", "12\,000", "12 000". All groups after the first
    /// must have three digits; inside brackets a comma separates entries. "0,111" is a decimal comma.
    /// </summary>
    private string ReadDigits()
    {
        var first = ReadRun();
        if (first.Length is 0 or > 3 || !_joinThousands) { return first; }
        var joined = first;
        var position = _position;
        while (SeparatorLength(position) is var length and > 0)
        {
            var digits = DigitsAt(position + length);
            if (digits != 3) { return first; }
            joined += _text.Substring(position + length, 3);
            position += length + 3;
        }

        if (position == _position) { return first; }
        if (first == "0") { return position == _position + 4 && Current == ',' ? JumpTo(position, "0." + joined[1..]) : first; }
        var slash = position;
        while (slash < _text.Length && _text[slash] == ' ') { slash++; }
        var isMixed = Current == ' ' && slash < _text.Length && _text[slash] == '/';
        return isMixed || first[0] == '0' ? first : JumpTo(position, joined);
    }

    private string JumpTo(int position, string digits)
    {
        _position = position;
        return digits;
    }

    private int DigitsAt(int position)
    {
        var end = position;
        while (end < _text.Length && end < position + 4 && char.IsAsciiDigit(_text[end])) { end++; }
        return end - position;
    }

    private int SeparatorLength(int position)
    {
        var rest = _text.AsSpan(position);
        if (rest.StartsWith(",\\! ")) { return DigitsAt(position + 4) == 3 ? 4 : 0; }
        if (rest.StartsWith(",\\!")) { return 3; }
        if (rest.StartsWith("{,}")) { return 3; }
        if (rest.StartsWith("\\,") || rest.StartsWith("\\ ") || rest.StartsWith("\\;")) { return DigitsAt(position + 2) == 3 ? 2 : 0; }
        if (rest.StartsWith(",")) { return _brackets == 0 && _matrices == 0 && DigitsAt(position + 1) > 0 ? 1 : 0; }
        if (rest.StartsWith(" ")) { return DigitsAt(position + 1) == 3 ? 1 : 0; }
        return 0;
    }

    private void ReadWord()
    {
        var start = _position;
        while (char.IsLetter(Current)) { _position++; }
        var word = _text[start.._position];
        if (word is "a" or "p" or "A" or "P" && Current == '.' && Peek(1) is 'm' or 'M' && Peek(2) == '.')
        {
            _position += 3;                                // "p.m."
            Emit(TokenKind.Word, word + "m");
            return;
        }

        if (word is "np" or "math" && Current == '.' && char.IsAsciiLetter(Peek(1)))
        {
            _position++;
            return;
        }

        var isGlued = start > 0 && _text[start - 1] is (>= '0' and <= '9') or ')' or '}';
        if (isGlued && word.Length > 2 && word.StartsWith("or", StringComparison.Ordinal) && char.IsUpper(word[2]))
        {
            EmitComma();                                  // "x=1orY=2"
            Emit(TokenKind.Word, word[2..]);
        }
        else if (word is "and" or "or" or "And" or "Or") { EmitComma(); }
        else { Emit(TokenKind.Word, word); }
    }

    /// <summary>"and" and "or" separate entries; next to a comma they add nothing.</summary>
    private void EmitComma()
    {
        if (_tokens.Count > 0 && !_tokens[^1].Is(',') && !_tokens[^1].Is(';')) { Emit(TokenKind.Symbol, ","); }
    }

    private void ReadSymbol()
    {
        var c = Current;
        _position++;
        switch (c)
        {
            case '(' or '[': _brackets++; break;
            case ')' or ']': _brackets = Math.Max(0, _brackets - 1); break;
            case '<' when Current == '=': _position++; Emit(TokenKind.Symbol, "≤"); return;
            case '>' when Current == '=': _position++; Emit(TokenKind.Symbol, "≥"); return;
            case '=' when Current == '<': _position++; Emit(TokenKind.Symbol, "≤"); return;
            case '!' when Current == '=' && Peek(1) != '=': _position++; Emit(TokenKind.Symbol, "≠"); return;
            case '=' when Current == '=': _position++; break;
            case '-' when Current == '>': _position++; Emit(TokenKind.Symbol, "→"); return;
            case '*' when Current == '*':
                _position++;
                if (_tokens.Count > 0 && _position < _text.Length && !_space) { Emit(TokenKind.Symbol, "^"); }
                return;
            case '"' or '`': _space = true; return;
        }

        if (c == ',' && _tokens.Count > 0 && _tokens[^1].Is(',')) { return; }
        Emit(TokenKind.Symbol, c.ToString());
    }

    private void ReadCommand()
    {
        _position++;
        var c = Current;
        if (c == '\\') { ReadDoubleBackslash(); return; }
        if (!char.IsAsciiLetter(c))
        {
            if (_position < _text.Length) { _position++; }
            switch (c)
            {
                case '{': _brackets++; Emit(TokenKind.Command, "{"); break;
                case '}': _brackets = Math.Max(0, _brackets - 1); Emit(TokenKind.Command, "}"); break;
                case '%': Emit(TokenKind.Symbol, "%"); break;
                case '$': Emit(TokenKind.Command, "dollar"); break;
                case '|': Emit(TokenKind.Command, "norm"); break;
                case '_' or '&' or '#': Emit(TokenKind.Symbol, c.ToString()); break;
                default: _space = true; break;            // \, \; \! \( \[ and the like
            }

            return;
        }

        var start = _position;
        while (char.IsAsciiLetter(Current)) { _position++; }
        ReadNamedCommand(_text[start.._position]);
    }

    private void ReadDoubleBackslash()
    {
        _position++;
        if (_matrices == 0 && char.IsAsciiLetter(Current))
        {
            // text that was escaped once too often: \\frac
            var start = _position;
            while (char.IsAsciiLetter(Current)) { _position++; }
            ReadNamedCommand(_text[start.._position]);
        }
        else if (_matrices > 0) { Emit(TokenKind.NewRow, ""); }
        else { _space = true; }
    }

    private void ReadNamedCommand(string name)
    {
        if (name is "left" or "right" && Current == '.') { _position++; }
        if (Vocabulary.TextCommands.Contains(name) && ReadBraced() is { } text) { EmitText(name, text); }
        else if (name is "boxed" or "fbox") { _space = true; }
        else if (name is "begin" or "end") { ReadEnvironment(name); }
        else if (name.StartsWith("quad", StringComparison.Ordinal) && name.Length > 4)
        {
            Emit(TokenKind.Word, name[4..]);          // "\quadx_{2}"
        }
        else if (name == "hspace" || name == "phantom")
        {
            ReadBraced();
            _space = true;
        }
        else if (Vocabulary.Silent.Contains(name))
        {
            _space |= name is "quad" or "qquad";
            if (_space && name.EndsWith("quad", StringComparison.Ordinal) && EndsAssignment()) { EmitComma(); }
        }
        else if (name == "or" || name == "and" || name == "lor" || name == "vee") { EmitComma(); }
        else { Emit(TokenKind.Command, name is "dfrac" or "tfrac" or "cfrac" ? "frac" : name); }
    }

    /// <summary>"x = 1 \quad y = 2": the space stands for a comma where an equation ends and another begins.</summary>
    private bool EndsAssignment()
    {
        var last = _tokens.FindLastIndex(t => t.Is('=') || t.Is(','));
        return last >= 0 && last < _tokens.Count - 1 && _tokens[last].Is('=') && _text.AsSpan(_position).Contains('=');
    }

    /// <summary>The content of the braces that follow, or null.</summary>
    private string? ReadBraced()
    {
        var open = _position;
        while (open < _text.Length && _text[open] == ' ') { open++; }
        if (open >= _text.Length || _text[open] != '{') { return null; }
        var depth = 0;
        for (var i = open; i < _text.Length; i++)
        {
            if (_text[i] == '\\') { i++; }
            else if (_text[i] == '{') { depth++; }
            else if (_text[i] == '}' && --depth == 0)
            {
                var content = _text[(open + 1)..i];
                _position = i + 1;
                return content;
            }
        }

        throw new NotMathsException("unclosed brace");
    }

    /// <summary>Words stay text; single letters, digits and formulas inside \text{...} are read as maths.</summary>
    private void EmitText(string command, string text)
    {
        var trimmed = text.Trim(' ', '\t', '\n', '\r', '~');
        if (trimmed.Length == 0) { _space = true; return; }
        var words = trimmed.Trim(',', ' ', '.');
        if (words is "and" or "or" or "and/or" or "or,")
        {
            EmitComma();
            return;
        }

        var longest = 0;
        var run = 0;
        foreach (var c in trimmed)
        {
            run = char.IsLetter(c) ? run + 1 : 0;
            longest = Math.Max(longest, run);
        }

        if (longest <= 1 && IsUnitText(trimmed) && IsBehindQuantity())
        {
            Emit(TokenKind.Text, trimmed);
            return;
        }

        var isName = command is "operatorname" or "mathrm" or "rm" or "mathop" && Vocabulary.Functions.Contains(trimmed);
        if (longest <= 1 || isName || trimmed.Contains('\\', StringComparison.Ordinal) || trimmed.Contains('$', StringComparison.Ordinal))
        {
            foreach (var token in new Lexer(trimmed, _joinThousands).Inline()) { _tokens.Add(token); }
            return;
        }

        if (words.StartsWith("and ", StringComparison.Ordinal) || words.StartsWith("or ", StringComparison.Ordinal))
        {
            EmitComma();
            trimmed = words[(words.IndexOf(' ') + 1)..];
        }

        Emit(TokenKind.Text, trimmed);
    }

    private bool IsBehindQuantity() => _tokens.Count > 0
        && (_tokens[^1].Kind == TokenKind.Number || _tokens[^1].Is('}') || _tokens[^1].Is(')') || (_tokens[^1].Is('/') && _tokens.Count > 1 && _tokens[^2].Kind == TokenKind.Text));

    // "m/s", "J": letters that are units, with at least one "/" or "^" or a unit that is no common variable
    private static bool IsUnitText(string text)
    {
        foreach (var c in text)
        {
            if (char.IsLetter(c) ? !Vocabulary.Units.ContainsKey(c.ToString()) : !(c is '/' or '^' or ' ' || char.IsAsciiDigit(c))) { return false; }
        }

        return text.Contains('/', StringComparison.Ordinal) || char.IsLetter(text[0]);
    }

    private List<Token> Inline()
    {
        if (_text.Length > MaxLength / 4) { throw new BoundExceededException("too-long"); }
        Run();
        _tokens.RemoveAt(_tokens.Count - 1);
        return _tokens;
    }

    private void ReadEnvironment(string command)
    {
        var name = ReadBraced() ?? throw new NotMathsException("environment without a name");
        name = name.Trim().TrimEnd('*');
        if (command == "end")
        {
            _matrices = Math.Max(0, _matrices - 1);
            Emit(TokenKind.Command, "end");
            return;
        }

        _matrices++;
        if (name is "array" or "tabular") { ReadBraced(); }
        Emit(TokenKind.Command, "begin");
        Emit(TokenKind.Text, name);
    }
}
