using System.Buffers;
using System.Text;

namespace LlmReasoning.Torch.Tokenization;

/// <summary>A byte-level BPE tokenizer read from a Hugging Face tokenizer.json. Safe to use from several threads.</summary>
/// <remarks>Gives the ids of the tokenizers library with add_special_tokens=False; docs/tokenizers.md says how that is made and checked.</remarks>
public sealed class Tokenizer
{
    private readonly Dictionary<string, int> _ids;
    private readonly byte[]?[] _bytes;               // by id; null where no token has the id
    private readonly bool[] _isSpecial;
    private readonly bool _composesCharacters;
    private readonly AddedTokenSplitter _addedTokens;
    private readonly AddedTokenSplitter _normalizedAddedTokens;
    private readonly WordSplitter _words;
    private readonly BytePairEncoder _merger;

    private Tokenizer(TokenizerFile file)
    {
        SourcePath = file.Path;
        _composesCharacters = file.ComposesCharacters;
        var added = file.AddedTokens.ConvertAll(token => token.Normalized ? token with { Content = Normalize(token.Content).Text } : token);
        _addedTokens = new AddedTokenSplitter(added.Where(token => !token.Normalized));
        _normalizedAddedTokens = new AddedTokenSplitter(added.Where(token => token.Normalized));
        _words = new WordSplitter(file.Splits);
        _merger = new BytePairEncoder(file);

        MergedVocabularySize = file.Vocabulary.Values.Max() + 1;
        VocabularySize = Math.Max(MergedVocabularySize - 1, added.Select(token => token.Id).DefaultIfEmpty(-1).Max()) + 1;
        _bytes = new byte[VocabularySize][];
        _isSpecial = new bool[VocabularySize];
        _ids = new Dictionary<string, int>(file.Vocabulary, StringComparer.Ordinal);
        foreach (var (token, id) in file.Vocabulary)
        {
            _bytes[id] = DecodedBytes(token);
        }
        foreach (var token in file.AddedTokens)
        {
            _ids[token.Content] = token.Id;
            _bytes[token.Id] = DecodedBytes(token.Content);
            _isSpecial[token.Id] = token.Special;
        }
    }

    /// <summary>The highest id plus 1. Ids below it may lack a token.</summary>
    public int VocabularySize { get; }

    /// <summary>As <see cref="VocabularySize"/>, of the tokens that text is cut into; without those that were added later.</summary>
    public int MergedVocabularySize { get; }

    /// <summary>The tokenizer.json that was read.</summary>
    public string SourcePath { get; }

    /// <param name="path">A tokenizer.json or the folder that holds it.</param>
    /// <exception cref="UserException">Missing, broken, or of a kind that is not implemented.</exception>
    public static Tokenizer Load(string path) => new(TokenizerFile.Read(path));

    /// <summary>The ids of <paramref name="text"/>. Special and added tokens in the text are recognised; none are added.</summary>
    /// <remarks>A byte that the vocabulary lacks is dropped without a trace, as the reference does; half of a surrogate pair counts as U+FFFD.</remarks>
    public int[] Encode(string text)
    {
        var ids = new List<int>((text.Length / 3) + 1);
        EncodeWhole(text, ids, offsets: null);
        return [.. ids];
    }

    /// <summary>The ids of <paramref name="text"/>, and of each token the range of UTF-16 units of <paramref name="text"/> that it covers.</summary>
    /// <remarks>A token that holds part of a character's bytes covers the whole character, so ranges may overlap;
    /// where normalisation changes characters, each token of them covers all of them.</remarks>
    public (int[] Ids, (int Start, int End)[] Offsets) EncodeWithOffsets(string text)
    {
        var ids = new List<int>();
        var offsets = new List<(int Start, int End)>();
        EncodeWhole(text, ids, offsets);
        return ([.. ids], [.. offsets]);
    }

    /// <summary>The text of <paramref name="ids"/>. Ids without a token are skipped; bytes that are no UTF-8 become U+FFFD.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = true)
    {
        var bytes = new ArrayBufferWriter<byte>((ids.Length * 4) + 1);
        foreach (var id in ids)
        {
            bytes.Write(DecodedBytes(id, skipSpecialTokens));
        }
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>The id of a token as tokenizer.json spells it, or null.</summary>
    public int? IdOf(string token) => _ids.TryGetValue(token, out var id) ? id : null;

    /// <summary>Whether the id is an added token that is marked special: left out of decoded text on request.</summary>
    public bool IsSpecial(int id) => (uint)id < (uint)_isSpecial.Length && _isSpecial[id];

    /// <summary>The bytes that the token stands for in decoded text; empty for ids without a token.</summary>
    public ReadOnlySpan<byte> BytesOf(int id) => (uint)id < (uint)_bytes.Length ? _bytes[id] : [];

    /// <summary>A decoder for one sequence whose ids come one by one.</summary>
    public StreamingDecoder NewDecoder(bool skipSpecialTokens = true) => new(this, skipSpecialTokens);

    internal ReadOnlySpan<byte> DecodedBytes(int id, bool skipSpecialTokens) => skipSpecialTokens && IsSpecial(id) ? [] : BytesOf(id);

    // A token of other characters than the byte alphabet stands for itself: an added token with a space, for one.
    private static byte[] DecodedBytes(string token) => ByteAlphabet.Read(token) ?? Encoding.UTF8.GetBytes(token);

    private (string Text, (int Start, int End)[]? Origins) Normalize(string text) =>
        _composesCharacters ? CanonicalComposition.Compose(text) : (text, null);

    private void EncodeWhole(string text, List<int> ids, List<(int Start, int End)>? offsets)
    {
        foreach (var (id, start, end) in _addedTokens.Split(text))
        {
            if (id is int known)
            {
                ids.Add(known);
                offsets?.Add((start, end));
            }
            else
            {
                EncodeNormalized(text[start..end], start, ids, offsets);
            }
        }
    }

    // The part of a text that begins at rawStart and holds no added token that is matched before normalisation.
    private void EncodeNormalized(string raw, int rawStart, List<int> ids, List<(int Start, int End)>? offsets)
    {
        var (text, origins) = Normalize(raw);
        foreach (var (id, start, end) in _normalizedAddedTokens.Split(text))
        {
            if (id is int known)
            {
                ids.Add(known);
                offsets?.Add((Origin(start).Start, Origin(end - 1).End));
                continue;
            }
            var piece = text[start..end];
            foreach (var word in _words.Split(piece))
            {
                var characters = piece.AsSpan(word.Start, word.End - word.Start);
                var wordIds = _merger.Encode(characters);
                ids.AddRange(wordIds);
                if (offsets is not null)
                {
                    AddOffsets(characters, start + word.Start, wordIds, Origin, offsets);
                }
            }
        }

        (int Start, int End) Origin(int unit)
        {
            var (from, to) = origins is null ? (unit, unit + 1) : origins[unit];
            return (rawStart + from, rawStart + to);
        }
    }

    /// <summary>Lays the tokens' bytes over the word's bytes.</summary>
    private void AddOffsets(
        ReadOnlySpan<char> word, int wordStart, int[] wordIds, Func<int, (int Start, int End)> origin, List<(int Start, int End)> offsets)
    {
        var ofByte = new List<(int Start, int End)>(word.Length);
        var ofKeptByte = new List<(int Start, int End)>(word.Length);
        Span<byte> utf8 = stackalloc byte[4];
        for (var i = 0; i < word.Length;)
        {
            Rune.DecodeFromUtf16(word[i..], out var rune, out var units);
            var range = (origin(wordStart + i).Start, origin(wordStart + i + units - 1).End);
            foreach (var value in utf8[..rune.EncodeToUtf8(utf8)])
            {
                ofByte.Add(range);
                if (_merger.Has(value))
                {
                    ofKeptByte.Add(range);
                }
            }
            i += units;
        }
        var tokenBytes = wordIds.Sum(id => BytesOf(id).Length);
        var covered = tokenBytes == ofByte.Count ? ofByte : ofKeptByte;
        var position = 0;
        foreach (var id in wordIds)
        {
            var length = BytesOf(id).Length;
            offsets.Add((covered[position].Start, covered[position + length - 1].End));
            position += length;
        }
    }
}
