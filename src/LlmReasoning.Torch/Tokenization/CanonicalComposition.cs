using System.Globalization;
using System.Text;

namespace LlmReasoning.Torch.Tokenization;

/// <summary>Unicode's normal form C (Unicode Standard Annex 15). string.Normalize returns its input where globalization is invariant, as here.</summary>
internal static class CanonicalComposition
{
    // Below it every character is composed already and composes with nothing before it.
    private const char FirstInteresting = '\u0300';

    private const int HangulSyllables = 0xAC00;
    private const int HangulLeading = 0x1100;
    private const int HangulVowels = 0x1161;
    private const int HangulTrailing = 0x11A7;      // one before the first: an index of 0 is none
    private const int HangulLeadingCount = 19;
    private const int HangulVowelCount = 21;
    private const int HangulTrailingCount = 28;
    private const int HangulSyllableCount = HangulLeadingCount * HangulVowelCount * HangulTrailingCount;

    private static readonly Lazy<Tables> Data = new(ReadTables);

    private sealed record Tables
    {
        /// <summary>Combining classes that are not 0.</summary>
        public Dictionary<int, int> Class { get; } = [];

        /// <summary>One step of decomposition: one or two code points (0 for no second).</summary>
        public Dictionary<int, (int First, int Second)> Decomposition { get; } = [];

        public Dictionary<(int First, int Second), int> Composition { get; } = [];

        /// <summary>Code points that may change or take part in a change together with what stands before them.</summary>
        public HashSet<int> JoinsBackward { get; } = [];

        /// <summary>Code points that are never part of composed text.</summary>
        public HashSet<int> Replaced { get; } = [];
    }

    /// <summary>The composed text and, where it differs from <paramref name="text"/>, the range of UTF-16 units each of its units came from.</summary>
    public static (string Text, (int Start, int End)[]? Origins) Compose(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange(FirstInteresting, char.MaxValue))
        {
            return (text, null);
        }
        var tables = Data.Value;
        var composed = new StringBuilder(text.Length);
        var origins = new List<(int Start, int End)>(text.Length);
        var isChanged = false;
        var start = 0;
        while (start < text.Length)
        {
            var (end, isInteresting) = NextSegment(text, start, tables);
            var segment = text.AsSpan(start, end - start);
            var replacement = isInteresting ? ComposeSegment(segment, tables) : null;
            if (replacement is null || segment.SequenceEqual(replacement))
            {
                composed.Append(segment);
                for (var i = start; i < end; i++)
                {
                    origins.Add((i, i + 1));
                }
            }
            else
            {
                isChanged = true;
                composed.Append(replacement);
                for (var i = 0; i < replacement.Length; i++)
                {
                    origins.Add((start, end));
                }
            }
            start = end;
        }
        return isChanged ? (composed.ToString(), [.. origins]) : (text, null);
    }

    /// <summary>A segment is one character and those after it that may join it; what lies beyond never changes it.</summary>
    private static (int End, bool IsInteresting) NextSegment(string text, int start, Tables tables)
    {
        Rune.DecodeFromUtf16(text.AsSpan(start), out var first, out var length);
        var end = start + length;
        var isInteresting = tables.Replaced.Contains(first.Value) || tables.JoinsBackward.Contains(first.Value);
        while (end < text.Length)
        {
            Rune.DecodeFromUtf16(text.AsSpan(end), out var rune, out length);
            if (rune.Value < FirstInteresting || !(tables.JoinsBackward.Contains(rune.Value) || IsHangulTail(rune.Value)))
            {
                break;
            }
            isInteresting = true;
            end += length;
        }
        return (end, isInteresting);
    }

    private static bool IsHangulTail(int codePoint) =>
        codePoint is (>= HangulVowels and < HangulVowels + HangulVowelCount) or (> HangulTrailing and < HangulTrailing + HangulTrailingCount);

    private static string ComposeSegment(ReadOnlySpan<char> segment, Tables tables)
    {
        var decomposed = new List<(int CodePoint, int Class)>(segment.Length);
        foreach (var rune in segment.EnumerateRunes())
        {
            Decompose(rune.Value, tables, decomposed);
        }
        SortMarks(decomposed);

        var result = new List<int>(decomposed.Count);
        var starter = -1;           // where in the result the last character of class 0 stands
        var lastClass = 0;          // of what was put after it; 0 for nothing
        foreach (var (codePoint, combiningClass) in decomposed)
        {
            var isBlocked = starter < 0 || (starter < result.Count - 1 && lastClass >= combiningClass);
            if (!isBlocked && ComposePair(result[starter], codePoint, tables) is int composite)
            {
                result[starter] = composite;
                continue;
            }
            if (combiningClass == 0)
            {
                starter = result.Count;
            }
            lastClass = combiningClass;
            result.Add(codePoint);
        }
        var text = new StringBuilder(result.Count);
        foreach (var codePoint in result)
        {
            text.Append(new Rune(codePoint).ToString());
        }
        return text.ToString();
    }

    private static void Decompose(int codePoint, Tables tables, List<(int CodePoint, int Class)> result)
    {
        var syllable = codePoint - HangulSyllables;
        if (syllable is >= 0 and < HangulSyllableCount)
        {
            var trailing = syllable % HangulTrailingCount;
            result.Add((HangulLeading + (syllable / (HangulVowelCount * HangulTrailingCount)), 0));
            result.Add((HangulVowels + (syllable / HangulTrailingCount % HangulVowelCount), 0));
            if (trailing > 0)
            {
                result.Add((HangulTrailing + trailing, 0));
            }
        }
        else if (tables.Decomposition.TryGetValue(codePoint, out var parts))
        {
            Decompose(parts.First, tables, result);
            if (parts.Second != 0)
            {
                Decompose(parts.Second, tables, result);
            }
        }
        else
        {
            result.Add((codePoint, tables.Class.GetValueOrDefault(codePoint)));
        }
    }

    /// <summary>Orders each run of marks by class, equal ones as they stood.</summary>
    private static void SortMarks(List<(int CodePoint, int Class)> characters)
    {
        var start = 0;
        while (start < characters.Count)
        {
            var end = start;
            while (end < characters.Count && characters[end].Class != 0)
            {
                end++;
            }
            if (end - start > 1)
            {
                var sorted = characters.GetRange(start, end - start).OrderBy(character => character.Class).ToList();
                for (var i = start; i < end; i++)
                {
                    characters[i] = sorted[i - start];
                }
            }
            start = end + 1;
        }
    }

    private static int? ComposePair(int first, int second, Tables tables)
    {
        var leading = first - HangulLeading;
        var vowel = second - HangulVowels;
        if (leading is >= 0 and < HangulLeadingCount && vowel is >= 0 and < HangulVowelCount)
        {
            return HangulSyllables + (((leading * HangulVowelCount) + vowel) * HangulTrailingCount);
        }
        var syllable = first - HangulSyllables;
        var trailing = second - HangulTrailing;
        if (syllable is >= 0 and < HangulSyllableCount && syllable % HangulTrailingCount == 0 && trailing is > 0 and < HangulTrailingCount)
        {
            return first + trailing;
        }
        return tables.Composition.TryGetValue((first, second), out var composite) ? composite : null;
    }

    private static Tables ReadTables()
    {
        var tables = new Tables();
        using var stream = typeof(CanonicalComposition).Assembly.GetManifestResourceStream("CanonicalForms.txt")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
            {
                continue;
            }
            var separator = line.AsSpan().IndexOfAny(':', '=', '>');
            if (line[separator] == ':')
            {
                AddClasses(line, separator, tables);
            }
            else
            {
                AddDecomposition(line, separator, tables);
            }
        }
        tables.JoinsBackward.UnionWith(tables.Class.Keys);
        tables.JoinsBackward.UnionWith(tables.Composition.Keys.Select(pair => pair.Second));
        // A few vowel signs have class 0 but come apart into marks.
        tables.JoinsBackward.UnionWith(tables.Decomposition.Where(entry => tables.Class.ContainsKey(entry.Value.First)).Select(entry => entry.Key));
        return tables;
    }

    // 0300-0314:230
    private static void AddClasses(string line, int separator, Tables tables)
    {
        var dash = line.IndexOf('-', StringComparison.Ordinal);
        var last = CodePoint(line.AsSpan(dash + 1, separator - dash - 1));
        var combiningClass = int.Parse(line.AsSpan(separator + 1), CultureInfo.InvariantCulture);
        for (var codePoint = CodePoint(line.AsSpan(0, dash)); codePoint <= last; codePoint++)
        {
            tables.Class.Add(codePoint, combiningClass);
        }
    }

    // 00C0=0041 0300 or, where the right side is not composed again, 212B>00C5
    private static void AddDecomposition(string line, int separator, Tables tables)
    {
        var composite = CodePoint(line.AsSpan(0, separator));
        var right = line.AsSpan(separator + 1);
        var space = right.IndexOf(' ');
        var parts = space < 0 ? (CodePoint(right), 0) : (CodePoint(right[..space]), CodePoint(right[(space + 1)..]));
        tables.Decomposition.Add(composite, parts);
        if (line[separator] == '=')
        {
            tables.Composition.Add(parts, composite);
        }
        else
        {
            tables.Replaced.Add(composite);
        }
    }

    private static int CodePoint(ReadOnlySpan<char> hexadecimal) => int.Parse(hexadecimal, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
