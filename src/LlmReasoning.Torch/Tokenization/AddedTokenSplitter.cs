using System.Buffers;
using System.Globalization;
using System.Text;

namespace LlmReasoning.Torch.Tokenization;

/// <summary>Finds added tokens in a text: the leftmost first, of those the longest, as the reference does.</summary>
internal sealed class AddedTokenSplitter
{
    // A trie: a node is a number, 0 the root.
    private readonly Dictionary<(int Node, char Next), int> _children = [];
    private readonly List<AddedToken?> _tokens = [null];
    private readonly SearchValues<char> _firstCharacters;

    public AddedTokenSplitter(IEnumerable<AddedToken> tokens)
    {
        foreach (var token in tokens)
        {
            var node = 0;
            foreach (var c in token.Content)
            {
                if (!_children.TryGetValue((node, c), out var child))
                {
                    child = _tokens.Count;
                    _tokens.Add(null);
                    _children.Add((node, c), child);
                }
                node = child;
            }
            _tokens[node] = token;
        }
        _firstCharacters = SearchValues.Create([.. _children.Keys.Where(edge => edge.Node == 0).Select(edge => edge.Next)]);
    }

    /// <summary>The pieces of <paramref name="text"/> in order: added tokens with their id, and what lies between them.</summary>
    public List<(int? Id, int Start, int End)> Split(string text)
    {
        var pieces = new List<(int? Id, int Start, int End)>();
        var covered = 0;
        var from = 0;
        while (Next(text, from) is var (token, start, end))
        {
            from = end;
            if (token.SingleWord && (EndsInWord(text.AsSpan(0, start)) || StartsWithWord(text.AsSpan(end))))
            {
                continue;
            }
            if (token.LeftStrip && start > covered)
            {
                start = covered + text.AsSpan(covered, start - covered).TrimEnd().Length;
            }
            if (token.RightStrip)
            {
                end = text.Length - text.AsSpan(end).TrimStart().Length;
            }
            if (start > covered)
            {
                pieces.Add((null, covered, start));
            }
            pieces.Add((token.Id, start, end));
            covered = end;
        }
        if (covered < text.Length)
        {
            pieces.Add((null, covered, text.Length));
        }
        return pieces;
    }

    private (AddedToken Token, int Start, int End)? Next(string text, int from)
    {
        for (var start = from; start < text.Length; start++)
        {
            var skipped = text.AsSpan(start).IndexOfAny(_firstCharacters);
            if (skipped < 0)
            {
                return null;
            }
            start += skipped;
            if (LongestAt(text, start) is { } token)
            {
                return (token, start, start + token.Content.Length);
            }
        }
        return null;
    }

    private AddedToken? LongestAt(string text, int start)
    {
        AddedToken? longest = null;
        var node = 0;
        for (var i = start; i < text.Length && _children.TryGetValue((node, text[i]), out node); i++)
        {
            longest = _tokens[node] ?? longest;
        }
        return longest;
    }

    private static bool EndsInWord(ReadOnlySpan<char> text) => Rune.DecodeLastFromUtf16(text, out var rune, out _) == OperationStatus.Done && IsWord(rune);

    private static bool StartsWithWord(ReadOnlySpan<char> text) => Rune.DecodeFromUtf16(text, out var rune, out _) == OperationStatus.Done && IsWord(rune);

    // \w of Unicode's technical standard 18: alphabetic, mark, decimal digit, connector or joiner.
    private static bool IsWord(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter => true,
        UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber => true,
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => true,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation => true,
        // Circled and squared letters are symbols by category, yet alphabetic.
        UnicodeCategory.OtherSymbol => rune.Value is (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149)
            or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189),
        _ => rune.Value is 0x200C or 0x200D,
    };
}
