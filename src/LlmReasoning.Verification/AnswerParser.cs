using System.Numerics;

namespace LlmReasoning.Verification;

/// <summary>Reads an answer as an exact number where it is one.</summary>
internal static class AnswerParser
{
    private static readonly System.Buffers.SearchValues<char> UnitCharacters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ\\{}%");

    public static bool IsMaths(string text) => TryNumber(text, out _, out _);

    public static bool TryNumber(string text, out BigInteger numerator, out BigInteger denominator)
    {
        numerator = 0;
        denominator = 1;
        if (text.Length is 0 or > 1000) { return false; }
        var s = Normalize(text);
        var sign = 1;
        if (s.StartsWith('-')) { (sign, s) = (-1, s[1..]); }
        var percent = s.EndsWith('%');
        s = s.TrimEnd('%');
        s = s.Replace("\\dfrac", "\\frac", StringComparison.Ordinal).Replace("\\tfrac", "\\frac", StringComparison.Ordinal);
        var at = s.IndexOf("\\frac", StringComparison.Ordinal);
        BigInteger whole = 0;
        if (at > 0)
        {
            if (!BigInteger.TryParse(s[..at], System.Globalization.NumberStyles.None, null, out whole)) { return false; }
            s = s[at..];
        }

        if (at >= 0)
        {
            s = s[5..];
            if (s.Length == 2) { s = $"{s[0]}/{s[1]}"; }
            else { s = s.Replace("}{", "/", StringComparison.Ordinal).Trim('{', '}'); }
        }

        var slash = s.IndexOf('/');
        if (slash >= 0)
        {
            if (!Decimal(s[..slash], out var a, out var b) || !Decimal(s[(slash + 1)..], out var c, out var d) || c == 0) { return false; }
            (numerator, denominator) = (a * d, b * c);
        }
        else if (!Decimal(s, out numerator, out denominator)) { return false; }

        numerator = sign * (numerator + (whole * denominator));
        if (percent) { denominator *= 100; }
        return true;
    }

    public static string Normalize(string text)
    {
        var s = text.Trim().Replace("\\left", "").Replace("\\right", "").Replace("\\!", "").Replace("\\,", "").Replace("{,}", ",")
            .Replace("\\$", "").Replace("$", "").Replace("\\%", "%").Replace('−', '-').Replace("\\ ", "").Replace(" ", "");
        var sb = new System.Text.StringBuilder();
        foreach (var c in s) { sb.Append(c is >= '０' and <= '９' ? (char)(c - '０' + '0') : c); }
        return sb.ToString().TrimEnd('.');
    }

    private static bool Decimal(string s, out BigInteger numerator, out BigInteger denominator)
    {
        numerator = 0;
        denominator = 1;
        var end = s.Length;
        while (end > 0 && !char.IsAsciiDigit(s[end - 1]) && s[end - 1] != '.') { end--; }
        if (end < s.Length && s.AsSpan(end).ContainsAnyExcept(UnitCharacters)) { return false; }
        s = s[..end].Replace(",", "");
        var point = s.IndexOf('.');
        var digits = point < 0 ? s : s.Remove(point, 1);
        if (digits.Length == 0 || !BigInteger.TryParse(digits, System.Globalization.NumberStyles.None, null, out numerator)) { return false; }
        if (point >= 0) { denominator = BigInteger.Pow(10, digits.Length - point); }
        return true;
    }
}
