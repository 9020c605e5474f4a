using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace LlmReasoning.Torch.Tokenization;

/// <summary>Cuts text into the words that merges never cross, as the pre-tokenizer of tokenizer.json says.</summary>
/// <remarks>
/// The patterns are written for whole Unicode characters, but .NET's regular expressions see UTF-16 units, where a letter such as U+1D538 is
/// two units without a class. So each such character is replaced by one of the same general category before the patterns run.
/// </remarks>
internal sealed class WordSplitter
{
    private const char LongS = 'ſ';

    private static readonly SearchValues<char> NeedsStandIn =
        SearchValues.Create([.. Enumerable.Range(0xD800, 0x800).Select(unit => (char)unit), LongS]);

    private readonly IReadOnlyList<SplitStep> _steps;
    private readonly bool _ignoresCase;

    public WordSplitter(IReadOnlyList<SplitStep> steps)
    {
        _steps = steps;
        _ignoresCase = steps.Any(step => step.IgnoresCase);
    }

    /// <summary>The words of <paramref name="text"/> in order, as ranges of UTF-16 units.</summary>
    /// <exception cref="UserException">A pattern backtracks without end.</exception>
    public List<(int Start, int End)> Split(string text)
    {
        List<(int Start, int End)> words = text.Length > 0 ? [(0, text.Length)] : [];
        if (_steps.Count == 0)
        {
            return words;
        }
        int[]? origin = null;
        ReadOnlySpan<char> seen = text;
        if (seen.ContainsAny(NeedsStandIn))
        {
            (seen, origin) = StandIns(text);
            words = [(0, seen.Length)];
        }
        try
        {
            foreach (var step in _steps)
            {
                var parts = new List<(int Start, int End)>(words.Count);
                foreach (var word in words)
                {
                    step.Split(seen, word, parts);
                }
                words = parts;
            }
        }
        catch (RegexMatchTimeoutException error)
        {
            throw new UserException($"pre_tokenizer: the pattern {error.Pattern} needs more than {error.MatchTimeout.TotalSeconds} s for one match", error);
        }
        return origin is null ? words : words.ConvertAll(word => (origin[word.Start], origin[word.End]));
    }

    /// <summary>One unit for each character of the text, and where in the text each begins (with the text's end last).</summary>
    private (char[] Seen, int[] Origin) StandIns(string text)
    {
        var seen = new List<char>(text.Length);
        var origin = new List<int>(text.Length + 1);
        var index = 0;
        foreach (var rune in text.EnumerateRunes())   // half of a surrogate pair comes as U+FFFD
        {
            origin.Add(index);
            seen.Add(rune.IsBmp ? Folded((char)rune.Value) : SameCategory(rune));
            index += rune.IsBmp ? 1 : 2;
        }
        origin.Add(text.Length);
        return ([.. seen], [.. origin]);
    }

    // Unicode folds the long s to s, so that (?i:'s) matches it in the reference; .NET's equivalences lack it.
    private char Folded(char c) => c == LongS && _ignoresCase ? 's' : c;

    private static char SameCategory(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.UppercaseLetter => 'Ā',
        UnicodeCategory.LowercaseLetter => 'ā',
        UnicodeCategory.TitlecaseLetter => 'ǅ',
        UnicodeCategory.ModifierLetter => 'ʰ',
        UnicodeCategory.OtherLetter => 'ƻ',
        UnicodeCategory.NonSpacingMark => '\u0300',
        UnicodeCategory.SpacingCombiningMark => '\u0903',
        UnicodeCategory.EnclosingMark => '\u0488',
        UnicodeCategory.DecimalDigitNumber => '٠',
        UnicodeCategory.LetterNumber => 'Ⅰ',
        UnicodeCategory.OtherNumber => '²',
        UnicodeCategory.MathSymbol => '±',
        UnicodeCategory.CurrencySymbol => '¢',
        UnicodeCategory.ModifierSymbol => '¨',
        UnicodeCategory.OtherSymbol => '©',
        UnicodeCategory.ConnectorPunctuation => '‿',
        UnicodeCategory.DashPunctuation => '–',
        UnicodeCategory.OpenPunctuation => '「',
        UnicodeCategory.ClosePunctuation => '」',
        UnicodeCategory.InitialQuotePunctuation => '«',
        UnicodeCategory.FinalQuotePunctuation => '»',
        UnicodeCategory.OtherPunctuation => '¡',
        UnicodeCategory.Format => '\u200B',
        UnicodeCategory.OtherNotAssigned => '\u0378',
        _ => '\uE000',
    };
}
