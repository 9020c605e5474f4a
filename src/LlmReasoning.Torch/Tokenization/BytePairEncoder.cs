using System.Collections.Concurrent;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace LlmReasoning.Torch.Tokenization;

/// <summary>Words to token ids by byte pair merging. Safe to use from several threads.</summary>
internal sealed class BytePairEncoder
{
    // Longer words go to the own merger; see docs/tokenizers.md for the measurement.
    internal const int LongestLibraryWord = 256;    // bytes

    private const int LongestCachedWord = 32;       // UTF-16 units
    private const int MaximumCachedWords = 1 << 16;
    private const int None = -1;

    private readonly Dictionary<string, int> _vocabulary;
    private readonly int _longestToken;
    private readonly bool _ignoreMerges;
    private readonly int[] _idOfByte = new int[256];
    private readonly Task<BpeTokenizer> _library;
    private readonly Lock _libraryLock = new();
    private readonly Lazy<LongWordMerger> _longWords;
    private readonly ConcurrentDictionary<string, int[]> _cache = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _cacheBySpan;
    private int _cachedWords;

    public BytePairEncoder(TokenizerFile file)
    {
        _vocabulary = file.Vocabulary;
        _longestToken = _vocabulary.Keys.Max(token => token.Length);
        _ignoreMerges = file.IgnoreMerges;
        _cacheBySpan = _cache.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var value = 0; value < 256; value++)
        {
            _idOfByte[value] = _vocabulary.TryGetValue(ByteAlphabet.Spell((byte)value).ToString(), out var id) ? id : None;
        }
        _longWords = new(() => new LongWordMerger(file.Merges));
        // It takes longer to build its tables than all the rest, so the first word waits for it, not the caller.
        _library = Task.Run(() => BpeTokenizer.Create(new BpeOptions(_vocabulary) { Merges = LibraryMerges(file) }));
    }

    /// <summary>Whether the vocabulary has a token for this byte; where it has none, the byte leaves no trace in the ids.</summary>
    public bool Has(byte value) => _idOfByte[value] != None;

    /// <summary>The ids of one word of the pre-tokenizer.</summary>
    public int[] Encode(ReadOnlySpan<char> word)
    {
        if (word.Length > LongestCachedWord)
        {
            return Merge(word);
        }
        if (!_cacheBySpan.TryGetValue(word, out var ids))
        {
            ids = Merge(word);
            if (Volatile.Read(ref _cachedWords) < MaximumCachedWords && _cacheBySpan.TryAdd(word, ids))
            {
                Interlocked.Increment(ref _cachedWords);
            }
        }
        return ids;
    }

    private int[] Merge(ReadOnlySpan<char> word)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(word)];
        Encoding.UTF8.GetBytes(word, bytes);
        if (bytes.Length > Math.Max(LongestLibraryWord, _longestToken))
        {
            return _longWords.Value.Merge([.. bytes.Where(Has).Select(value => _idOfByte[value])]);
        }
        var spelt = string.Create(bytes.Length, bytes, (characters, source) =>
        {
            for (var i = 0; i < source.Length; i++)
            {
                characters[i] = ByteAlphabet.Spell(source[i]);
            }
        });
        if (_ignoreMerges && _vocabulary.TryGetValue(spelt, out var id))
        {
            return [id];
        }
        var library = _library.GetAwaiter().GetResult();
        // The library drops bytes it does not know, as the reference does. It promises nothing about threads.
        lock (_libraryLock)
        {
            return [.. library.EncodeToIds(spelt, considerPreTokenization: false, considerNormalization: false)];
        }
    }

    /// <summary>The merges as the library wants them; of a pair that is named twice only the last, which is the one that counts.</summary>
    private static IEnumerable<string> LibraryMerges(TokenizerFile file)
    {
        var lastRank = new Dictionary<(int Left, int Right), int>(file.Merges.Count);
        for (var rank = 0; rank < file.Merges.Count; rank++)
        {
            lastRank[(file.Merges[rank].Left, file.Merges[rank].Right)] = rank;
        }
        for (var rank = 0; rank < file.Merges.Count; rank++)
        {
            var merge = file.Merges[rank];
            var (left, right) = (file.Tokens[merge.Left], file.Tokens[merge.Right]);
            // No word spelt in the byte alphabet has a space, and the library cannot take a piece that has one.
            if (lastRank[(merge.Left, merge.Right)] == rank && !left.Contains(' ') && !right.Contains(' '))
            {
                yield return $"{left} {right}";
            }
        }
    }
}
