using static LlmReasoning.Verification.Expressions.ExpressionKind;

namespace LlmReasoning.Verification.Parsing;

/// <summary>Reads an answer: words as text, a choice letter, or maths; what is not in the grammar is text.</summary>
internal static class AnswerParser
{
    private static readonly string[] SpecialWords =
        ["yes", "no", "true", "false", "none", "dne", "odd", "even", "never", "always", "both", "neither", "undefined", "left", "right", "up", "down", "north", "south", "east", "west"];

    private static readonly string[] RealsTexts = ["allrealnumbers", "allreals", "realnumbers", "allrealnumber", "setofallrealnumbers", "allrealsnumbers"];
    private static readonly string[] EmptySetTexts = ["emptyset", "nullset"];

    /// <summary>The expression an answer denotes.</summary>
    /// <exception cref="BoundExceededException">The answer is too long, too deep or too large.</exception>
    public static Expression Parse(string text, bool joinThousands = true)
    {
        try
        {
            var tokens = Lexer.Read(text, joinThousands);
            return Read(text, tokens, AfterLead(tokens));
        }
        catch (NotMathsException)
        {
            return FromWords(text);
        }
    }

    /// <summary>Whether a text is maths as a whole; with "The answer is" before it only if asked for.</summary>
    public static bool IsMaths(string text, bool allowsLead = true)
    {
        if (text.Length > Lexer.MaxLength) { return false; }
        try
        {
            var tokens = Lexer.Read(text);
            var start = AfterLead(tokens);
            return (start == 0 || allowsLead) && Read(text, tokens, start).Kind != Text;
        }
        catch (NotMathsException)
        {
            return false;
        }
        catch (BoundExceededException)
        {
            return true;
        }
    }

    private static Expression Read(string text, List<Token> tokens, int start)
    {
        if (Choice(tokens, start) is { } letter) { return letter; }
        return IsWords(tokens, start) || StartsWithProse(tokens, start) ? FromWords(text) : Parser.Parse(tokens, start);
    }

    private static Expression FromWords(string text)
    {
        var folded = AnswerText.Fold(text);
        if (Array.IndexOf(RealsTexts, folded) >= 0) { return Algebra.Reals; }
        if (folded is "infinity" or "positiveinfinity" or "+infinity" or "inf") { return Algebra.Infinity; }
        if (folded is "-infinity" or "negativeinfinity") { return Algebra.Negate(Algebra.Infinity); }
        return Array.IndexOf(EmptySetTexts, folded) >= 0 ? new(Set, "") : new(Text, folded);
    }

    /// <summary>Skips "The answer is", "Answer:", "\text{The answer is }" and the like.</summary>
    private static int AfterLead(List<Token> tokens)
    {
        for (var i = 0; i < tokens.Count - 1 && i < 30; i++)
        {
            var token = tokens[i];
            if (token.Kind == TokenKind.Text && EndsLead(token.Text)) { return i + 1; }
            if (i > 0 && IsCopula(token)) { return i + 1; }
            if (i > 0 && token.Is(':') && tokens[i - 1].Kind is TokenKind.Word or TokenKind.Text && tokens[i - 1].Text.Length > 2) { return i + 1; }
            var isName = i == 0 && token.Text.Length < 2 && !IsCopula(tokens[1]);
            if (token.Kind is not (TokenKind.Word or TokenKind.Text) || isName) { return IsOptionWord(tokens) ? 1 : 0; }
        }

        return IsOptionWord(tokens) ? 1 : 0;
    }

    private static bool IsCopula(Token token) => token.Kind == TokenKind.Word && token.Text is "is" or "are" or "equals" or "be";

    private static bool IsOptionWord(List<Token> tokens) => tokens[0].Kind is TokenKind.Word or TokenKind.Text && tokens[0].Text is "option" or "Option" or "choice" or "Choice" && tokens.Count > 2;

    private static bool EndsLead(string text)
    {
        var trimmed = text.AsSpan().TrimEnd();
        return trimmed.EndsWith(" is") || trimmed.EndsWith(" are") || trimmed.EndsWith(":") || trimmed.EndsWith("=") || trimmed.EndsWith(" equals") || trimmed is "is" or "are";
    }

    /// <summary>"(B)", "B.", "(B) 12 apples": the letter of a choice, with or without what it stands for; two letters are no choice.</summary>
    private static Expression? Choice(List<Token> tokens, int start)
    {
        if (tokens.FindAll(IsLetter).Count != 1) { return null; }
        if (tokens[start].Is('(') && IsLetter(tokens[start + 1]) && start + 2 < tokens.Count && tokens[start + 2].Is(')'))
        {
            var next = tokens[start + 3];
            var isMore = next.Kind is TokenKind.Number or TokenKind.Text or TokenKind.Word or TokenKind.Command && next.SpaceBefore;
            return next.Kind == TokenKind.End || isMore || next.Is('.') || next.Is(':') ? new(Symbol, tokens[start + 1].Text) : null;
        }

        if (!IsLetter(tokens[start])) { return null; }
        var mark = tokens[start + 1];
        if ((mark.Is('.') || mark.Is(')') || mark.Is(':')) && !mark.SpaceBefore) { return new(Symbol, tokens[start].Text); }
        return null;
    }

    private static bool IsLetter(Token token) => token.Kind == TokenKind.Word && token.Text is ['A' or 'B' or 'C' or 'D' or 'E'];

    private static bool IsWords(List<Token> tokens, int start)
    {
        var words = 0;
        var longest = 0;
        var isRoman = true;
        for (var i = start; i < tokens.Count - 1; i++)
        {
            var token = tokens[i];
            if (token.Kind is TokenKind.Text)
            {
                words++;
                longest = Math.Max(longest, 4);
                isRoman = false;
            }
            else if (token.Kind is TokenKind.Word)
            {
                if (IsMathsWord(token.Text)) { return false; }
                words++;
                longest = Math.Max(longest, token.Text[0] > 0x2E7F ? 4 : token.Text.Length);
                isRoman &= token.Text.AsSpan().IndexOfAnyExcept('I', 'V', 'X') < 0;
                if (tokens.Count - start == 2 && Array.IndexOf(SpecialWords, token.Text.ToLowerInvariant()) >= 0) { return true; }
            }
            else if (!(token.Kind == TokenKind.Symbol && token.Text[0] is ',' or '.' or '\'' or '-' or '?' or '!' or ':' or ';'))
            {
                return false;
            }
        }

        return longest >= 4 || (words >= 2 && longest >= 3) || (isRoman && longest >= 2);
    }

    /// <summary>Two words in a row at the start, one of them long: prose, although its letters could be multiplied.</summary>
    private static bool StartsWithProse(List<Token> tokens, int start)
    {
        var (first, second) = (tokens[start], tokens[start + 1 < tokens.Count ? start + 1 : start]);
        return first.Kind == TokenKind.Word && second.Kind == TokenKind.Word && first.Text.Length + second.Text.Length >= 5
            && !IsMathsWord(first.Text) && !IsMathsWord(second.Text);
    }

    private static bool IsMathsWord(string word) => word.Length > 1 && (Vocabulary.Functions.Contains(word) || Vocabulary.Greek.Contains(word) || word is "pi" or "infinity" or "inf" or "oo" or "infty" or "Infinity");
}
