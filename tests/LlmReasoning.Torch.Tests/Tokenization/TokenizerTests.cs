using System.Text;
using System.Text.Json.Nodes;
using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Torch.Tests.Tokenization;

/// <summary>The tokenizer of the embedded model and small variations of it.</summary>
public sealed class TokenizerTests
{
    private static readonly Tokenizer Embedded = Tokenizer.Load(TokenizerFolders.Embedded);

    [Fact]
    public void AFolderAndTheFileInItAreTheSameTokenizer()
    {
        var file = Path.Combine(TokenizerFolders.Embedded, "tokenizer.json");

        Assert.Equal(file, Embedded.SourcePath);
        Assert.Equal(file, Tokenizer.Load(file).SourcePath);
    }

    [Fact]
    public void SpecialTokensInTheTextAreRecognisedAndNoneAreAdded()
    {
        var end = Embedded.IdOf("<|im_end|>")!.Value;

        Assert.Equal(Embedded.VocabularySize - 1, end);
        Assert.True(Embedded.IsSpecial(end));
        Assert.Equal([.. Embedded.Encode("64"), end], Embedded.Encode("64<|im_end|>"));
        Assert.Empty(Embedded.Encode(""));
    }

    [Fact]
    public void SpecialTokensAreLeftOutOfDecodedTextOnRequest()
    {
        var ids = Embedded.Encode("64<|im_end|>");

        Assert.Equal("64", Embedded.Decode(ids));
        Assert.Equal("64<|im_end|>", Embedded.Decode(ids, skipSpecialTokens: false));
    }

    [Fact]
    public void IdsWithoutATokenHaveNoBytesAndNoText()
    {
        foreach (var id in new[] { -1, Embedded.VocabularySize, int.MaxValue, int.MinValue })
        {
            Assert.True(Embedded.BytesOf(id).IsEmpty);
            Assert.False(Embedded.IsSpecial(id));
            Assert.Equal("", Embedded.Decode([id]));
        }
        Assert.Null(Embedded.IdOf("no such token"));
    }

    [Fact]
    public void IdsMayHaveGaps()
    {
        var tokenizer = TokenizerVariant.Load(file => file["added_tokens"]![1]!["id"] = 4470);

        Assert.Equal(4471, tokenizer.VocabularySize);
        Assert.True(tokenizer.BytesOf(3000).IsEmpty);
        Assert.Equal("a<|im_end|>", tokenizer.Decode([.. tokenizer.Encode("a<|im_end|>"), 3000], skipSpecialTokens: false));
    }

    [Fact]
    public void PiecesOfOneCharacterCoverTheWholeCharacter()
    {
        var (ids, offsets) = Embedded.EncodeWithOffsets("1🙂");

        Assert.Equal(Embedded.Encode("1🙂"), ids);
        Assert.Equal([(0, 1), (1, 3), (1, 3), (1, 3), (1, 3)], offsets);
    }

    [Fact]
    public void OffsetsAreThoseOfTheTextBeforeNormalisation()
    {
        // e and a combining acute become one character of two bytes.
        var (ids, offsets) = Embedded.EncodeWithOffsets("xe\u0301y<|im_end|>z");

        Assert.Equal(Embedded.Encode("x\u00E9y<|im_end|>z"), ids);
        Assert.Equal([(0, 1), (1, 3), (1, 3), (3, 4), (4, 14), (14, 15)], offsets);
    }

    [Fact]
    public void OffsetsCoverTheTextInOrder()
    {
        const string text = "Compute (23+14)*2-9.\nSteps:\n23+14=37\nMia has 3 drums of beads. Doubles them. \\boxed{65}\n\n  <|im_end|> ünïcode";
        var (ids, offsets) = Embedded.EncodeWithOffsets(text);

        Assert.Equal(Embedded.Encode(text), ids);
        var covered = 0;
        foreach (var (id, (start, end)) in ids.Zip(offsets))
        {
            Assert.True(start <= covered && end >= covered && end > start);
            covered = end;
            if (Embedded.Decode([id], skipSpecialTokens: false) is var piece && !piece.Contains('\uFFFD'))
            {
                Assert.Equal(text[start..end], piece);
            }
        }
        Assert.Equal(text.Length, covered);
    }

    [Fact]
    public void AByteThatTheVocabularyLacksIsDroppedAndTheOffsetsKnowIt()
    {
        var tokenizer = TokenizerVariant.Load(file =>
        {
            file["model"]!["vocab"]!.AsObject().Remove("q");
            file["model"]!["merges"] = new JsonArray();
        });
        var (ids, offsets) = tokenizer.EncodeWithOffsets("aq q(");

        Assert.Equal("a (", tokenizer.Decode(ids));
        Assert.Equal([(0, 1), (2, 3), (4, 5)], offsets);
    }

    [Fact]
    public void HalfOfASurrogatePairIsTheReplacementCharacter()
    {
        var (ids, offsets) = Embedded.EncodeWithOffsets("a\uD83D!");

        Assert.Equal(Embedded.Encode("a\uFFFD!"), ids);
        Assert.Equal([(0, 1), (1, 2), (1, 2), (1, 2), (2, 3)], offsets);
    }

    [Fact]
    public void StreamedPiecesAreWholeCharactersAndTogetherTheDecodedText()
    {
        var decoder = Embedded.NewDecoder();
        var pieces = Embedded.Encode("a🙂b").Select(decoder.Push).ToList();

        Assert.Equal(["a", "", "", "", "🙂", "b"], pieces);
        Assert.Equal("", decoder.Finish());
    }

    [Fact]
    public void AnUnfinishedCharacterComesAtTheEnd()
    {
        var cut = Embedded.Encode("a🙂")[..^1];
        var decoder = Embedded.NewDecoder();
        var streamed = string.Concat(cut.Select(decoder.Push)) + decoder.Finish();

        Assert.Equal("a\uFFFD", streamed);
        Assert.Equal(Embedded.Decode(cut), streamed);
    }

    [Fact]
    public void RandomIdsStreamAsTheyDecode()
    {
        var random = new Random(7);
        for (var round = 0; round < 300; round++)
        {
            var ids = Enumerable.Range(0, 40).Select(_ => random.Next(Embedded.VocabularySize + 2)).ToArray();
            var decoder = Embedded.NewDecoder();

            Assert.Equal(Embedded.Decode(ids), string.Concat(ids.Select(decoder.Push)) + decoder.Finish());
        }
    }

    [Fact]
    public void ThreadsEncodeAsOneThreadDoes()
    {
        var random = new Random(3);
        string[] pieces = ["Compute ", "23+14", "\n", "é", "🙂", "Steps:", " drums", "x", "ſ", "漢字", "\\boxed{", "<|im_end|>"];
        var texts = Enumerable.Range(0, 2000).Select(_ => string.Concat(random.GetItems(pieces, 12))).ToArray();
        var serial = Tokenizer.Load(TokenizerFolders.Embedded);
        var expected = texts.Select(serial.Encode).ToArray();

        // A new one each round, so that every thread meets words that nobody has seen.
        for (var round = 0; round < 5; round++)
        {
            var shared = Tokenizer.Load(TokenizerFolders.Embedded);
            var actual = new int[texts.Length][];
            var threads = Enumerable.Range(0, 4).Select(first => new Thread(() =>
            {
                for (var i = first; i < texts.Length; i += 4)
                {
                    actual[i] = shared.Encode(texts[i]);
                }
            })).ToArray();
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());

            Assert.Equal(expected, actual);
        }
    }

    [Theory]
    [InlineData("a")]
    [InlineData(" ")]
    [InlineData("<")]
    [InlineData("1+")]
    [InlineData("e\u0301\u0323")]
    [InlineData("Steps:")]
    public void AMegabyteOfTheSameComesBack(string unit)
    {
        // Quadratic work would take minutes here.
        var text = string.Concat(Enumerable.Repeat(unit, (1 << 20) / Encoding.UTF8.GetByteCount(unit)));
        var tokenizer = TokenizerVariant.Load(file => file["normalizer"] = null);

        Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        Assert.NotEmpty(Embedded.Encode(text));
    }

    [Fact]
    public void LongWordsAreMergedAsTheLibraryMergesShortOnes()
    {
        var file = TokenizerFile.Read(TokenizerFolders.Embedded);
        var library = new BytePairEncoder(file);
        var own = new LongWordMerger(file.Merges);
        var random = new Random(11);
        for (var round = 0; round < 2000; round++)
        {
            var word = string.Concat(random.GetItems("Stepsboxed:\n.=has drums".ToCharArray(), random.Next(1, BytePairEncoder.LongestLibraryWord)));
            var bytes = Encoding.UTF8.GetBytes(word).Select(value => file.Vocabulary[ByteAlphabet.Spell(value).ToString()]);

            Assert.Equal(library.Encode(word), own.Merge([.. bytes]));
        }
    }

    [Fact]
    public void AWordOfTheVocabularyIsOneTokenWhereMergesAreIgnored()
    {
        var merged = TokenizerVariant.Load(file => file["model"]!["merges"] = new JsonArray());
        var whole = TokenizerVariant.Load(file =>
        {
            file["model"]!["merges"] = new JsonArray();
            file["model"]!["ignore_merges"] = true;
        });

        Assert.Equal(5, merged.Encode("Steps").Length);
        Assert.Equal([whole.IdOf("Steps")!.Value], whole.Encode("Steps"));
    }

    [Theory]
    [InlineData("lstrip", "a", "<m>", " b")]
    [InlineData("rstrip", "a ", "<m>", "b")]
    public void AnAddedTokenMayTakeTheSpaceBesideIt(string flag, string before, string token, string after)
    {
        var tokenizer = TokenizerVariant.Load(file => TokenizerVariant.Add(file, token, flag));

        Assert.Equal([.. tokenizer.Encode(before), tokenizer.IdOf(token)!.Value, .. tokenizer.Encode(after)], tokenizer.Encode("a <m> b"));
    }

    [Theory]
    [InlineData("one wo.", true)]
    [InlineData("wo", true)]
    [InlineData("two", false)]
    [InlineData("wo_", false)]
    [InlineData("wo²", true)]            // a number, but no decimal digit
    [InlineData("𝔸wo", false)]
    public void AnAddedTokenMayWantToStandAlone(string text, bool isFound)
    {
        var tokenizer = TokenizerVariant.Load(file => TokenizerVariant.Add(file, "wo", "single_word"));

        Assert.Equal(isFound, tokenizer.Encode(text).Contains(tokenizer.IdOf("wo")!.Value));
    }

    [Fact]
    public void ANormalisedAddedTokenMatchesEverySpellingOfIt()
    {
        var normalised = TokenizerVariant.Load(file => TokenizerVariant.Add(file, "\u212B", "normalized"));    // the unit angstrom
        var raw = TokenizerVariant.Load(file => TokenizerVariant.Add(file, "\u212B"));

        foreach (var spelling in new[] { "\u212B", "\u00C5", "A\u030A" })
        {
            Assert.Equal([normalised.IdOf("\u212B")!.Value], normalised.Encode(spelling));
            Assert.Equal(spelling == "\u212B", raw.Encode(spelling).Contains(raw.IdOf("\u212B")!.Value));
        }
    }

    [Fact]
    public void OfAddedTokensThatBeginAlikeTheLongestIsTaken()
    {
        var tokenizer = TokenizerVariant.Load(file =>
        {
            TokenizerVariant.Add(file, "<m");
            TokenizerVariant.Add(file, "<mm>");
        });

        Assert.Equal([tokenizer.IdOf("<mm>")!.Value, tokenizer.IdOf("<m")!.Value, tokenizer.IdOf("m")!.Value], tokenizer.Encode("<mm><mm"));
    }
}
