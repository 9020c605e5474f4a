using System.Text.Json;
using System.Text.RegularExpressions;

namespace LlmReasoning.Torch.Tokenization;

/// <summary>The content of a tokenizer.json that holds a byte-level BPE. Whatever is not implemented is refused, never ignored.</summary>
/// <remarks>Post-processors that only add special tokens are accepted, since encoding here adds none; so are truncation and padding,
/// which transformers sets anew at every call.</remarks>
internal sealed record TokenizerFile
{
    /// <summary>A hostile id must not make us allocate a table of its size; the largest published vocabularies have under a million entries.</summary>
    public const int HighestId = (1 << 22) - 1;

    private const long LargestFileBytes = 64L << 20;

    private static readonly string IdRange = $"an id lies between 0 and {HighestId}";

    // GPT-2's pattern, which "use_regex": true stands for.
    private const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    public required string Path { get; init; }

    /// <summary>Ids by token, spelt in the byte alphabet.</summary>
    public required Dictionary<string, int> Vocabulary { get; init; }

    /// <summary>The vocabulary by id.</summary>
    public required Dictionary<int, string> Tokens { get; init; }

    /// <summary>Pairs of tokens in the order in which they are merged.</summary>
    public required List<Merge> Merges { get; init; }

    /// <summary>A word that is in the vocabulary is that token, whatever the merges give.</summary>
    public required bool IgnoreMerges { get; init; }

    public required List<AddedToken> AddedTokens { get; init; }

    /// <summary>Text is brought to Unicode's normal form C.</summary>
    public required bool ComposesCharacters { get; init; }

    public required List<SplitStep> Splits { get; init; }

    /// <param name="path">A tokenizer.json or the folder that holds it.</param>
    /// <exception cref="UserException">Missing, unreadable, or holding what is not implemented.</exception>
    public static TokenizerFile Read(string path)
    {
        var file = Directory.Exists(path) ? System.IO.Path.Combine(path, "tokenizer.json") : path;
        try
        {
            using var document = JsonDocument.Parse(ReadBytes(file));
            return Read(new JsonField(file, "", document.RootElement));
        }
        catch (JsonException error)
        {
            throw new UserException($"{file}: not valid JSON at line {error.LineNumber + 1}; fetch the file again", error);
        }
        catch (InvalidOperationException error)
        {
            throw new UserException($"{file}: a string holds half of a surrogate pair; fetch the file again", error);
        }
    }

    private static byte[] ReadBytes(string file)
    {
        RegularFile.Require(file);
        try
        {
            var length = new FileInfo(file).Length;
            if (length > LargestFileBytes)
            {
                throw new UserException($"{file}: {length} bytes; a tokenizer.json has at most {LargestFileBytes}");
            }
            return File.ReadAllBytes(file);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UserException($"{file}: not found; give a tokenizer.json or the folder that holds one", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{file}: cannot be read: {error.Message.ReplaceLineEndings(" ")}", error);
        }
    }

    private static TokenizerFile Read(JsonField root)
    {
        root.AllowOnly("version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model");
        var model = root["model"];
        CheckModel(model);
        CheckDecoder(root["decoder"]);
        CheckPostProcessor(root["post_processor"]);
        var (vocabulary, tokens) = ReadVocabulary(model["vocab"]);
        CheckUnknownToken(model["unk_token"], vocabulary);
        return new TokenizerFile
        {
            Path = root.File,
            Vocabulary = vocabulary,
            Tokens = tokens,
            Merges = ReadMerges(model["merges"], vocabulary),
            IgnoreMerges = model["ignore_merges"].Flag(otherwise: false),
            AddedTokens = ReadAddedTokens(root["added_tokens"], vocabulary, tokens),
            ComposesCharacters = ReadNormalizer(root["normalizer"]),
            Splits = ReadPreTokenizer(root["pre_tokenizer"]),
        };
    }

    private static void CheckModel(JsonField model)
    {
        // Files written before the type was named are BPE too when they have merges.
        if (!model["type"].IsNull && model["type"].Text() != "BPE")
        {
            throw model["type"].Wrong("only byte-level \"BPE\" is implemented");
        }
        model.AllowOnly("type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback",
            "ignore_merges", "vocab", "merges");
        if (!model["dropout"].IsNull && !(model["dropout"].Value.ValueKind == JsonValueKind.Number && model["dropout"].Value.GetDouble() == 0))
        {
            throw model["dropout"].Wrong("encoding with dropout is not implemented; set it to null");
        }
        foreach (var affix in new[] { model["continuing_subword_prefix"], model["end_of_word_suffix"] })
        {
            if (!affix.IsNull && affix.Text().Length > 0)
            {
                throw affix.Wrong("only null or \"\" is implemented");
            }
        }
        if (model["byte_fallback"].Flag(otherwise: false))
        {
            throw model["byte_fallback"].Wrong("SentencePiece vocabularies are not implemented, only byte-level BPE");
        }
    }

    private static void CheckUnknownToken(JsonField unknown, Dictionary<string, int> vocabulary)
    {
        var hasAllBytes = Enumerable.Range(0, 256).All(value => vocabulary.ContainsKey(ByteAlphabet.Spell((byte)value).ToString()));
        if (!unknown.IsNull && !hasAllBytes)
        {
            throw unknown.Wrong("a token for unknown bytes is not implemented and the vocabulary lacks bytes; set it to null to drop such bytes");
        }
    }

    private static void CheckDecoder(JsonField decoder)
    {
        if (decoder.IsNull || decoder["type"].Text() != "ByteLevel")
        {
            throw decoder.Wrong("only the \"ByteLevel\" decoder is implemented");
        }
    }

    private static void CheckPostProcessor(JsonField processor)
    {
        if (processor.IsNull)
        {
            return;
        }
        switch (processor["type"].Text())
        {
            case "ByteLevel" or "TemplateProcessing" or "BertProcessing" or "RobertaProcessing":
                break;
            case "Sequence":
                foreach (var part in processor["processors"].Items())
                {
                    CheckPostProcessor(part);
                }
                break;
            default:
                throw processor["type"].Wrong("this post-processor is not implemented");
        }
    }

    // The two large lists are read without a JsonField an entry: that would double the time to load.
    private static (Dictionary<string, int> Ids, Dictionary<int, string> Tokens) ReadVocabulary(JsonField vocab)
    {
        vocab.Expect(JsonValueKind.Object, "an object of tokens and ids");
        var count = vocab.Value.GetPropertyCount();
        var ids = new Dictionary<string, int>(count, StringComparer.Ordinal);
        var tokens = new Dictionary<int, string>(count);
        foreach (var property in vocab.Value.EnumerateObject())
        {
            var token = property.Name;
            if (!TryReadId(property.Value, out var id))
            {
                throw new JsonField(vocab.File, $"{vocab.Key}[{token}]", property.Value).Wrong(IdRange);
            }
            if (!ids.TryAdd(token, id))
            {
                throw new UserException($"{vocab.File}: {vocab.Key} has the token '{token}' twice; fetch the file again");
            }
            if (!tokens.TryAdd(id, token))
            {
                throw new UserException($"{vocab.File}: {vocab.Key} gives the id {id} to '{tokens[id]}' and to '{token}'; fetch the file again");
            }
        }
        return ids.Count > 0 ? (ids, tokens) : throw vocab.Wrong("a vocabulary needs at least one token");
    }

    private static bool TryReadId(JsonElement value, out int id)
    {
        id = 0;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out id) && id is >= 0 and <= HighestId;
    }

    private static List<Merge> ReadMerges(JsonField list, Dictionary<string, int> vocabulary)
    {
        list.Expect(JsonValueKind.Array, "a list of pairs of tokens");
        var merges = new List<Merge>(list.Value.GetArrayLength());
        var tokens = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var item in list.Value.EnumerateArray())
        {
            if (ReadPair(item) is not var (left, right))
            {
                throw At(item).Wrong("a merge names two tokens");
            }
            // Old files may begin with the line "#version: 0.2".
            if (left.StartsWith("#version", StringComparison.Ordinal))
            {
                continue;
            }
            if (!tokens.TryGetValue(left, out var leftId) || !tokens.TryGetValue(right, out var rightId)
                || !vocabulary.TryGetValue(string.Concat(left, right), out var mergedId))
            {
                throw At(item).Wrong("the vocabulary lacks one of the two tokens or both together; fetch the file again");
            }
            merges.Add(new Merge(leftId, rightId, mergedId));
        }
        return merges;

        JsonField At(JsonElement item) => new(list.File, $"{list.Key}[{merges.Count}]", item);
    }

    // Old files write "a b", newer ones ["a", "b"].
    private static (string Left, string Right)? ReadPair(JsonElement merge)
    {
        if (merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2
            && merge[0].ValueKind == JsonValueKind.String && merge[1].ValueKind == JsonValueKind.String)
        {
            return (merge[0].GetString()!, merge[1].GetString()!);
        }
        return merge.ValueKind == JsonValueKind.String && merge.GetString()!.Split(' ') is [var left, var right] ? (left, right) : null;
    }

    private static List<AddedToken> ReadAddedTokens(JsonField list, Dictionary<string, int> vocabulary, Dictionary<int, string> tokens)
    {
        var added = new List<AddedToken>();
        if (list.IsNull)
        {
            return added;
        }
        var contents = new HashSet<string>(StringComparer.Ordinal);
        var addedIds = new Dictionary<int, string>();
        foreach (var item in list.Items())
        {
            item.AllowOnly("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special");
            var content = item["content"].Text();
            if (!TryReadId(item["id"].Value, out var id))
            {
                throw item["id"].Wrong(IdRange);
            }
            if (content.Length == 0)
            {
                throw item["content"].Wrong("an added token needs a text");
            }
            if (vocabulary.TryGetValue(content, out var vocabularyId) && vocabularyId != id)
            {
                throw item["id"].Wrong($"the vocabulary gives '{content}' the id {vocabularyId}");
            }
            if (!contents.Add(content))
            {
                throw item["content"].Wrong("the token is there twice");
            }
            if ((tokens.TryGetValue(id, out var owner) && owner != content) || !addedIds.TryAdd(id, content))
            {
                throw item["id"].Wrong($"the id belongs to '{owner ?? addedIds[id]}' already");
            }
            added.Add(new AddedToken
            {
                Id = id,
                Content = content,
                Special = item["special"].Flag(otherwise: false),
                SingleWord = item["single_word"].Flag(otherwise: false),
                LeftStrip = item["lstrip"].Flag(otherwise: false),
                RightStrip = item["rstrip"].Flag(otherwise: false),
                Normalized = item["normalized"].Flag(otherwise: true),
            });
        }
        return added;
    }

    private static bool ReadNormalizer(JsonField normalizer)
    {
        if (normalizer.IsNull)
        {
            return false;
        }
        return normalizer["type"].Text() switch
        {
            "NFC" => true,
            "Sequence" => normalizer["normalizers"].Items().Select(ReadNormalizer).ToList().Contains(true),
            _ => throw normalizer["type"].Wrong("only \"NFC\" and \"Sequence\" are implemented"),
        };
    }

    private static List<SplitStep> ReadPreTokenizer(JsonField preTokenizer)
    {
        if (preTokenizer.IsNull)
        {
            throw preTokenizer.Wrong("only pre-tokenizers that end in \"ByteLevel\" are implemented");
        }
        List<JsonField> parts = preTokenizer["type"].Text() == "Sequence" ? [.. preTokenizer["pretokenizers"].Items()] : [preTokenizer];
        if (parts.Count == 0 || parts[^1]["type"].Text() != "ByteLevel")
        {
            // What splits after the bytes have been spelt as characters would see another text.
            throw preTokenizer.Wrong("only pre-tokenizers that end in \"ByteLevel\" are implemented");
        }
        var steps = new List<SplitStep>();
        foreach (var part in parts)
        {
            switch (part["type"].Text())
            {
                case "Split":
                    steps.Add(ReadSplit(part));
                    break;
                case "Digits":
                    part.AllowOnly("type", "individual_digits");
                    steps.Add(new SplitStep(part["individual_digits"].Flag(otherwise: false) ? @"\p{N}" : @"\p{N}+"));
                    break;
                case "ByteLevel" when part == parts[^1]:
                    part.AllowOnly("type", "add_prefix_space", "trim_offsets", "use_regex");
                    if (part["add_prefix_space"].Flag(otherwise: true))
                    {
                        throw part["add_prefix_space"].Wrong("a space before the first word is not implemented");
                    }
                    if (part["use_regex"].Flag(otherwise: true))
                    {
                        steps.Add(new SplitStep(Gpt2Pattern));
                    }
                    break;
                default:
                    throw part["type"].Wrong("this pre-tokenizer is not implemented here; Split, Digits and a last ByteLevel are");
            }
        }
        return steps;
    }

    private static SplitStep ReadSplit(JsonField split)
    {
        split.AllowOnly("type", "pattern", "behavior", "invert");
        var pattern = split["pattern"];
        pattern.AllowOnly("Regex", "String");
        var literal = pattern["String"];
        var inverted = split["invert"].Flag(otherwise: false);
        var removes = split["behavior"].Text() switch
        {
            "Isolated" => false,
            "Removed" => true,
            _ => throw split["behavior"].Wrong("only \"Isolated\" and \"Removed\" are implemented"),
        };
        // Oniguruma's bracket classes and intersections, which .NET would read as something else.
        if (literal.IsNull && (pattern["Regex"].Text().Contains("[[:", StringComparison.Ordinal) || pattern["Regex"].Text().Contains("&&", StringComparison.Ordinal)))
        {
            throw pattern["Regex"].Wrong("[[:class:]] and && are not implemented");
        }
        try
        {
            return new SplitStep(
                literal.IsNull ? pattern["Regex"].Text() : Regex.Escape(literal.Text()),
                dropsMatches: removes && !inverted,
                dropsGaps: removes && inverted);
        }
        catch (RegexParseException error)
        {
            throw pattern.Wrong($"not a regular expression: {error.Message.ReplaceLineEndings(" ")}");
        }
    }
}
