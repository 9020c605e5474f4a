using System.Text.RegularExpressions;

namespace LlmReasoning.Torch.Tokenization;

/// <summary>One step of a pre-tokenizer: cuts every piece that the step before left at the matches of a pattern.</summary>
internal sealed class SplitStep
{
    /// <summary>The published patterns take microseconds a match; one that needs seconds backtracks without end.</summary>
    private static readonly TimeSpan LongestMatch = TimeSpan.FromSeconds(20);

    private readonly Regex _regex;
    private readonly bool _dropsMatches;
    private readonly bool _dropsGaps;

    /// <param name="pattern">The pattern of tokenizer.json as it is.</param>
    /// <param name="dropsMatches">Matches are not part of the result.</param>
    /// <param name="dropsGaps">What lies between matches is not part of the result.</param>
    /// <exception cref="RegexParseException">Not a regular expression.</exception>
    public SplitStep(string pattern, bool dropsMatches = false, bool dropsGaps = false)
    {
        _regex = new Regex(pattern, RegexOptions.Compiled | RegexOptions.CultureInvariant, LongestMatch);
        _dropsMatches = dropsMatches;
        _dropsGaps = dropsGaps;
    }

    /// <summary>The pattern has a part that ignores case.</summary>
    public bool IgnoresCase => _regex.ToString().Contains("(?i", StringComparison.Ordinal);

    /// <summary>Adds the parts of <paramref name="piece"/> of <paramref name="text"/>; the pattern sees the piece alone.</summary>
    public void Split(ReadOnlySpan<char> text, (int Start, int End) piece, List<(int Start, int End)> parts)
    {
        var end = piece.Start;
        foreach (var match in _regex.EnumerateMatches(text[piece.Start..piece.End]))
        {
            var start = piece.Start + match.Index;
            Add(end, start, _dropsGaps);
            end = start + match.Length;
            Add(start, end, _dropsMatches);
        }
        Add(end, piece.End, _dropsGaps);

        void Add(int from, int to, bool dropped)
        {
            if (to > from && !dropped)
            {
                parts.Add((from, to));
            }
        }
    }
}
