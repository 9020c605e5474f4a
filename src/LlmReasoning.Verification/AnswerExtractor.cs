namespace LlmReasoning.Verification;

/// <summary>
/// Finds the answer in a response. Every search runs from the right end, looks at a bounded number of candidates and never backtracks,
/// so that the cost is linear in the response's length.
/// </summary>
internal static class AnswerExtractor
{
    private const int MaxAnchors = 32;
    private const int MaxBoxes = 64;
    private const int MaxWholeLength = 400;
    private const int MaxSentenceLength = 1000;

    private static readonly string[] BoxCommands = ["\\boxed", "\\fbox"];
    private static readonly string[] TurnMarks = ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end|>"];
    private static readonly string[] Anchors = ["answer", "Answer", "ANSWER", "答案"];
    private static readonly string[] Copulas = [" is ", " are ", " equals ", " be "];

    public static Extraction Extract(string response, ExtractionPolicy policy)
    {
        var start = AfterThinking(response);
        var box = LastBox(response, start, skipEmpty: policy == ExtractionPolicy.Lenient);
        if (policy == ExtractionPolicy.Reward || box.Route != "no-box") { return box; }
        var text = response[start..EndOfTurn(response, start)].Trim();
        return Hashes(text) ?? AfterAnchor(text) ?? Whole(text) ?? LastMathsOrNumber(text) switch
        {
            { Route: "no-answer" } when IsOneOrTwoWords(text) => new(text, "whole"),
            var last => last,
        };
    }

    /// <summary>What a reference answer says: its boxes, its "####" or "final answer is"; otherwise the text itself.</summary>
    public static string FromGold(string gold)
    {
        var box = LastBox(gold, 0, skipEmpty: false);
        if (box.Answer is not null) { return JoinedBoxes(gold) ?? box.Answer; }
        if (box.Route == "unclosed-box") { return gold[(gold.IndexOf('{', FindBox(gold, 0, gold.Length)) + 1)..]; }
        if (Hashes(gold) is { } hashes) { return hashes.Answer!; }
        var final = gold.LastIndexOf("final answer is", StringComparison.OrdinalIgnoreCase);
        return final >= 0 && AfterAnchor(gold[final..]) is { } found ? found.Answer! : gold;
    }

    /// <summary>
    /// The contents of the boxes that end the response, joined by commas, where they stand in one sentence ("\boxed{1} and \boxed{2}");
    /// null where only one box does. A list-valued reference may be answered that way, a single value may not.
    /// </summary>
    public static string? JoinedBoxes(string response)
    {
        var start = AfterThinking(response);
        var boxes = new List<string>();
        var next = -1;
        var before = response.Length;
        while (boxes.Count < MaxBoxes && FindBox(response, start, before) is var at && at >= 0)
        {
            if (!TryReadBox(response, at, out var content, out var end) || content.Length == 0) { break; }
            if (next >= 0 && !IsOneSentence(response.AsSpan(end, Math.Max(0, next - end)))) { break; }
            boxes.Add(content);
            next = at;
            before = at;
        }

        if (boxes.Count < 2) { return null; }
        boxes.Reverse();
        return string.Join(", ", boxes);
    }

    private static bool IsOneSentence(ReadOnlySpan<char> gap)
    {
        if (gap.Length >= 70 || gap.IndexOfAny("?!") >= 0) { return false; }
        var stop = gap.IndexOf('.');
        if (stop >= 0 || gap.IndexOf("\n\n") >= 0) { return false; }
        return gap.Length < 10 || gap.IndexOfAny(",;") >= 0
            || gap.IndexOf("and", StringComparison.Ordinal) >= 0 || gap.IndexOf("or", StringComparison.Ordinal) >= 0;
    }

    private static int AfterThinking(string response)
    {
        var end = response.LastIndexOf("</think>", StringComparison.Ordinal);
        return end < 0 ? 0 : end + "</think>".Length;
    }

    private static int EndOfTurn(string response, int start)
    {
        var end = response.Length;
        foreach (var mark in TurnMarks)
        {
            var at = response.AsSpan(start, end - start).IndexOf(mark, StringComparison.Ordinal);
            if (at > 0) { end = start + at; }
        }

        return end;
    }

    private static Extraction LastBox(string response, int start, bool skipEmpty)
    {
        var before = response.Length;
        var found = new Extraction(null, "no-box");
        for (var tries = 0; tries < MaxBoxes; tries++)
        {
            var at = FindBox(response, start, before);
            if (at < 0) { return found; }
            if (!TryReadBox(response, at, out var content, out _)) { return new(null, "unclosed-box"); }
            if (content.Length > 0) { return new(content, Extraction.Box); }
            found = new(null, "empty-box");
            if (!skipEmpty) { return found; }
            before = at;
        }

        return found;
    }

    private static int FindBox(string response, int start, int before)
    {
        var best = -1;
        foreach (var command in BoxCommands)
        {
            var from = Math.Max(start, best);
            var at = response.AsSpan(from, Math.Max(0, before - from)).LastIndexOf(command, StringComparison.Ordinal);
            if (at >= 0) { best = from + at; }
        }

        return best;
    }

    /// <summary>Reads "\boxed{...}", "\boxed {...}" or "\boxed 5"; boxes inside the box are opened.</summary>
    private static bool TryReadBox(string response, int at, out string content, out int end)
    {
        var position = at + 1;
        while (position < response.Length && char.IsAsciiLetter(response[position])) { position++; }
        while (position < response.Length && response[position] == ' ') { position++; }
        if (position < response.Length && response[position] == '{')
        {
            end = ClosingBrace(response, position);
            content = end < 0 ? "" : response[(position + 1)..(end - 1)].Trim();
            return end >= 0;
        }

        end = position;
        while (end < response.Length && !char.IsWhiteSpace(response[end]) && response[end] is not ('$' or '}' or ',')) { end++; }
        content = response[position..end].TrimEnd('.');
        return true;
    }

    /// <summary>The position after the brace that closes the one at <paramref name="open"/>, or -1.</summary>
    private static int ClosingBrace(string text, int open)
    {
        var depth = 0;
        for (var position = open; position < text.Length; position++)
        {
            switch (text[position])
            {
                case '\\': position++; break;
                case '{': depth++; break;
                case '}' when --depth == 0: return position + 1;
            }
        }

        return -1;
    }

    private static Extraction? Hashes(string text)
    {
        var at = text.LastIndexOf("####", StringComparison.Ordinal);
        if (at < 0) { return null; }
        var answer = FirstLine(text.AsSpan(at + 4)).Trim().TrimEnd('.').ToString();
        return answer.Length == 0 ? null : new(answer, "hashes");
    }

    private static ReadOnlySpan<char> FirstLine(ReadOnlySpan<char> text)
    {
        text = text.TrimStart();
        var end = text.IndexOf('\n');
        return end < 0 ? text : text[..end];
    }

    private static Extraction? AfterAnchor(string text)
    {
        Span<int> last = stackalloc int[Anchors.Length];
        for (var i = 0; i < last.Length; i++) { last[i] = text.AsSpan().LastIndexOf(Anchors[i], StringComparison.Ordinal); }
        for (var tries = 0; tries < MaxAnchors; tries++)
        {
            var latest = 0;
            for (var i = 1; i < last.Length; i++) { latest = last[i] > last[latest] ? i : latest; }
            var at = last[latest];
            if (at < 0) { return null; }
            if (AnswerOfSentence(text.AsSpan(at + Anchors[latest].Length)) is { } answer) { return new(answer, "answer-is"); }
            last[latest] = text.AsSpan(0, at).LastIndexOf(Anchors[latest], StringComparison.Ordinal);
        }

        return null;
    }

    /// <summary>The answer in "... is 5.", ": **5**", " $5$ and $6$. I hope": what follows the word "answer" up to the sentence's end.</summary>
    private static string? AnswerOfSentence(ReadOnlySpan<char> rest)
    {
        rest = rest[..Math.Min(rest.Length, MaxSentenceLength)].TrimStart(" s*_\"'");
        var anchored = false;
        foreach (var lead in (string[])["is", ":", "：", "=", "是", "为"])
        {
            if (!rest.StartsWith(lead, StringComparison.Ordinal)) { continue; }
            rest = rest[lead.Length..].TrimStart(" :*_\r\n");
            anchored = true;
            break;
        }

        if (!anchored && (rest.IsEmpty || rest[0] is not ('$' or '\\' or '(' or '*'))) { return null; }
        var sentence = Sentence(rest);
        if (sentence.IsEmpty) { return null; }
        var whole = Unwrapped(sentence).ToString();
        if (!IsBroken(sentence) && AnswerParser.IsMaths(whole)) { return whole; }
        if (LeadingMaths(sentence) is { } leading) { return leading; }
        foreach (var copula in Copulas)
        {
            var at = sentence.LastIndexOf(copula, StringComparison.Ordinal);
            if (at < 0) { continue; }
            var tail = Unwrapped(sentence[(at + copula.Length)..]).ToString();
            if (AnswerParser.IsMaths(tail)) { return tail; }
        }

        return LastMathsOrNumber(sentence.ToString()).Answer ?? (whole.Length <= 80 && !whole.Contains('$', StringComparison.Ordinal) && !IsBroken(sentence) ? whole : null);
    }

    /// <summary>Up to the first full stop or line end that is outside maths and not part of a number.</summary>
    private static ReadOnlySpan<char> Sentence(ReadOnlySpan<char> text)
    {
        var inMaths = false;
        for (var position = 0; position < text.Length; position++)
        {
            var c = text[position];
            if (c == '\\' && position + 1 < text.Length)
            {
                inMaths = text[position + 1] switch { '(' or '[' => true, ')' or ']' => false, _ => inMaths };
                position++;
            }
            else if (c == '$')
            {
                if (position + 1 < text.Length && text[position + 1] == '$') { position++; }
                inMaths = !inMaths;
            }
            else if (!inMaths && (c is '\n' or '。' || (c == '.' && IsFullStop(text, position))))
            {
                return text[..position].Trim();
            }
        }

        return text.Trim();
    }

    // "i.e." and "e.g." end no sentence
    private static bool IsFullStop(ReadOnlySpan<char> text, int at) =>
        (at + 1 == text.Length || char.IsWhiteSpace(text[at + 1])) && !(at >= 3 && text[at - 2] == '.' && char.IsAsciiLetter(text[at - 1]));

    private static ReadOnlySpan<char> Unwrapped(ReadOnlySpan<char> text) => text.Trim(" *_\"'`").TrimEnd(".,;: *");

    /// <summary>The maths at the very start of a sentence: "$5$ because ...".</summary>
    private static string? LeadingMaths(ReadOnlySpan<char> sentence)
    {
        var close = sentence switch { ['$', '$', ..] => "$$", ['$', ..] => "$", ['\\', '(', ..] => "\\)", ['\\', '[', ..] => "\\]", _ => null };
        if (close is null) { return null; }
        var length = close.Contains('$', StringComparison.Ordinal) ? close.Length : 2;
        var end = sentence[length..].IndexOf(close, StringComparison.Ordinal);
        var isBroken = close is "$" or "\\)" && end > 0 && sentence.Slice(length, end).Contains('\n');
        return end <= 0 || isBroken ? null : sentence.Slice(length, end).Trim().ToString();
    }

    /// <summary>A short response that is nothing but an answer.</summary>
    private static Extraction? Whole(string text)
    {
        var candidate = Unwrapped(text).ToString();
        if (candidate.Contains('$', StringComparison.Ordinal) && candidate.Length > 1 && char.IsAsciiLetter(candidate[0]) && char.IsAsciiLetter(candidate[1])) { return null; }
        return candidate.Length is > 0 and <= MaxWholeLength && !IsBroken(text) && AnswerParser.IsMaths(candidate, allowsLead: false) ? new(candidate, "whole") : null;
    }

    /// <summary>Inline maths that runs over a line end: not a formula, and nothing is read inside it.</summary>
    private static bool IsBroken(ReadOnlySpan<char> text) =>
        text.Contains('\n') && !text.StartsWith("\\[", StringComparison.Ordinal) && !text.StartsWith("$$", StringComparison.Ordinal);

    private static Extraction LastMathsOrNumber(string text)
    {
        var maths = LastMaths(text, out var mathsEnd);
        var number = LastNumber(text, out var numberEnd);
        return maths is { } found && numberEnd < mathsEnd ? found : number;
    }

    private static bool IsOneOrTwoWords(string text) => text.Length is > 0 and <= 40 && text.AsSpan().Count(' ') <= 1 && !text.Contains('\n', StringComparison.Ordinal);

    /// <summary>The last one-line "$..$" or "\(..\)", or the last "\[..\]" or "$$..$$", with a percent sign that follows it.</summary>
    private static Extraction? LastMaths(string text, out int end)
    {
        var dollar = text.LastIndexOf('$');
        var round = text.LastIndexOf("\\)", StringComparison.Ordinal);
        var square = text.LastIndexOf("\\]", StringComparison.Ordinal);
        end = Math.Max(dollar, Math.Max(round, square));
        if (end <= 0) { return null; }
        var isDisplay = end == square || (end == dollar && text[end - 1] == '$');
        var (open, close) = end == round ? ("\\(", end) : end == square ? ("\\[", end) : isDisplay ? ("$$", end - 1) : ("$", end);
        var start = close <= 0 ? -1 : text.AsSpan(0, close).LastIndexOf(open, StringComparison.Ordinal);
        if (start < 0) { return null; }
        var content = text.AsSpan(start + open.Length, close - start - open.Length).Trim();
        if (content.IsEmpty || content.Length > MaxSentenceLength || (!isDisplay && text.AsSpan(start, close - start).Contains('\n'))) { return null; }
        var isPercent = IsPercent(text.AsSpan(end + (end == dollar ? 1 : 2)));
        return new(isPercent ? content.ToString() + "\\%" : content.ToString(), "last-maths");
    }

    private static bool IsPercent(ReadOnlySpan<char> text)
    {
        text = text.TrimStart();
        return text.StartsWith("%") || text.StartsWith("\\%") || text.StartsWith("percent") || text.StartsWith("pct");
    }

    /// <summary>
    /// The last number of the text with its sign, separators, fraction and percent sign; none where numbers stand in a bare row,
    /// and none out of a formula that could not be read.
    /// </summary>
    private static Extraction LastNumber(string text, out int end)
    {
        end = text.AsSpan().LastIndexOfAnyInRange('0', '9');
        if (end < 0) { return new(null, "no-answer"); }
        var start = end;
        while (start > 0 && end - start <= Lexer.MaxLength && IsNumberPart(text, start - 1)) { start--; }
        while (start < end && text[start] is '.' or ',' or '/' or '*' or '+' or ')') { start++; }
        var before = start - 1;
        while (before >= 0 && text[before] == ' ') { before--; }
        if (before >= 0 && before < start - 1 && char.IsAsciiDigit(text[before])) { return new(null, "many-numbers"); }
        if (IsInsideMaths(text, start)) { return new(null, "broken-formula"); }
        var number = text[start..(end + 1)];
        return new(IsPercent(text.AsSpan(end + 1)) ? number + "\\%" : number, "last-number");
    }

    private static bool IsInsideMaths(string text, int at)
    {
        var open = text.AsSpan(0, at).LastIndexOf("\\(", StringComparison.Ordinal);
        if (open > text.AsSpan(0, at).LastIndexOf("\\)", StringComparison.Ordinal) && text.AsSpan(at).IndexOf("\\)", StringComparison.Ordinal) >= 0) { return true; }
        return text.AsSpan(0, at).Count('$') % 2 == 1 && text.AsSpan(at).Contains('$');
    }

    private static bool IsNumberPart(string text, int at) => text[at] switch
    {
        >= '0' and <= '9' or '.' or '/' => true,
        ',' => at > 0 && char.IsAsciiDigit(text[at - 1]),
        '-' => at == 0 || !char.IsAsciiLetterOrDigit(text[at - 1]),
        _ => false,
    };
}
