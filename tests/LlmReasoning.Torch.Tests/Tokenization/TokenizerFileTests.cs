using System.Text.Json.Nodes;
using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Torch.Tests.Tokenization;

public sealed class TokenizerFileTests
{
    [Theory]
    [InlineData("normalizer", """{"type":"Lowercase"}""", "normalizer.type is \"Lowercase\"")]
    [InlineData("normalizer", """{"type":"Sequence","normalizers":[{"type":"NFD"}]}""", "normalizer.normalizers[0].type is \"NFD\"")]
    [InlineData("pre_tokenizer", "null", "pre_tokenizer is null")]
    [InlineData("pre_tokenizer", """{"type":"Metaspace"}""", "only pre-tokenizers that end in \"ByteLevel\"")]
    [InlineData("pre_tokenizer", """{"type":"ByteLevel","add_prefix_space":true}""", "pre_tokenizer.add_prefix_space is true")]
    [InlineData("pre_tokenizer", """{"type":"ByteLevel","add_prefix_space":false,"more":1}""", "pre_tokenizer.more is 1")]
    [InlineData("decoder", """{"type":"Metaspace"}""", "decoder is {\"type\":\"Metaspace\"}")]
    [InlineData("decoder", "null", "decoder is null")]
    [InlineData("post_processor", """{"type":"Novel"}""", "post_processor.type is \"Novel\"")]
    [InlineData("model", """{"type":"Unigram","vocab":[]}""", "model.type is \"Unigram\"")]
    [InlineData("model", "[]", "model is []")]
    [InlineData("model", "null", "model is null")]
    [InlineData("model", """{"type":"BPE","vocab":{},"merges":[]}""", "model.vocab is {}")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0}}""", "model.merges is missing")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0,"a":1},"merges":[]}""", "model.vocab has the token 'a' twice")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0,"b":0},"merges":[]}""", "model.vocab gives the id 0 to 'a' and to 'b'")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":-1},"merges":[]}""", "model.vocab[a] is -1")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":2147483648},"merges":[]}""", "model.vocab[a] is 2147483648")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":1.5},"merges":[]}""", "model.vocab[a] is 1.5")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[["a","b"]]}""", "model.merges[0] is [\"a\",\"b\"]")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":["a a"]}""", "model.merges[0] is \"a a\"")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":["a"]}""", "a merge names two tokens")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[["a","a","a"]]}""", "a merge names two tokens")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[],"dropout":0.1}""", "model.dropout is 0.1")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[],"byte_fallback":true}""", "model.byte_fallback is true")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[],"unk_token":"a"}""", "model.unk_token is \"a\"")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[],"continuing_subword_prefix":"##"}""", "model.continuing_subword_prefix is \"##\"")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[],"novel":1}""", "model.novel is 1")]
    [InlineData("added_tokens", """[{"content":"x"}]""", "added_tokens[0].id is missing")]
    [InlineData("added_tokens", """[{"id":500}]""", "added_tokens[0].content is missing")]
    [InlineData("added_tokens", """[{"id":500,"content":""}]""", "added_tokens[0].content is \"\"")]
    [InlineData("added_tokens", """[{"id":4294967295,"content":"xx"}]""", "added_tokens[0].id is 4294967295")]
    [InlineData("added_tokens", """[{"id":4194304,"content":"xx"}]""", "added_tokens[0].id is 4194304")]
    [InlineData("added_tokens", """[{"id":0,"content":"xx"}]""", "the id belongs to")]
    [InlineData("added_tokens", """[{"id":500,"content":"a"}]""", "the vocabulary gives 'a' the id")]
    [InlineData("added_tokens", """[{"id":500,"content":"xx"},{"id":500,"content":"yy"}]""", "the id belongs to 'xx' already")]
    [InlineData("added_tokens", """[{"id":500,"content":"xx"},{"id":501,"content":"xx"}]""", "the token is there twice")]
    [InlineData("added_tokens", """[{"id":500,"content":"xx","special":"yes"}]""", "true or false belongs here")]
    [InlineData("added_tokens", """[{"id":500,"content":"\ud800"}]""", "whole Unicode characters")]
    [InlineData("model", """{"type":"BPE","vocab":{"\ud800":0},"merges":[]}""", "half of a surrogate pair")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[["\ud800","a"]]}""", "half of a surrogate pair")]
    [InlineData("novel", "1", "novel is 1")]
    public void WhatIsNotImplementedOrWrongIsNamed(string key, string value, string message)
    {
        var error = Assert.Throws<UserException>(() => TokenizerVariant.LoadText(Replaced(key, value)));

        Assert.Contains("tokenizer.json: ", error.Message);
        Assert.Contains(message, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("""{"type":"Split","pattern":{"Regex":"("},"behavior":"Isolated","invert":false}""", "not a regular expression")]
    [InlineData("""{"type":"Split","pattern":{"Regex":"[[:alpha:]]"},"behavior":"Isolated","invert":false}""", "pattern.Regex is \"[[:alpha:]]\"")]
    [InlineData("""{"type":"Split","pattern":{"Regex":" "},"behavior":"MergedWithNext","invert":false}""", "behavior is \"MergedWithNext\"")]
    [InlineData("""{"type":"Punctuation"}""", "pre_tokenizer.pretokenizers[0].type is \"Punctuation\"")]
    [InlineData("""{"type":"ByteLevel","add_prefix_space":false}""", "pre_tokenizer.pretokenizers[0].type is \"ByteLevel\"")]
    public void AStepOfThePreTokenizerThatIsNotImplementedIsNamed(string step, string message)
    {
        var error = Assert.Throws<UserException>(() => TokenizerVariant.Load(file => file["pre_tokenizer"]!["pretokenizers"]![0] = JsonNode.Parse(step)));

        Assert.Contains(message, error.Message);
    }

    [Theory]
    [InlineData("""{"type":"TemplateProcessing","single":[],"pair":[],"special_tokens":{}}""")]
    [InlineData("""{"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"RobertaProcessing"}]}""")]
    public void PostProcessorsThatOnlyAddSpecialTokensAreAccepted(string processor)
    {
        var tokenizer = TokenizerVariant.Load(file => file["post_processor"] = JsonNode.Parse(processor));

        Assert.Equal(Tokenizer.Load(TokenizerFolders.Embedded).Encode("23+14"), tokenizer.Encode("23+14"));
    }

    [Fact]
    public void OfAMergeNamedTwiceTheLastRankCounts()
    {
        // b+c goes first as written first; named again at the end, a+b goes before it.
        var once = TokenizerVariant.LoadText(Replaced("model", Abc("""["b","c"],["a","b"]""")));
        var twice = TokenizerVariant.LoadText(Replaced("model", Abc("""["b","c"],["a","b"],["b","c"]""")));

        Assert.Equal([0, 4], once.Encode("abc"));
        Assert.Equal([3, 2], twice.Encode("abc"));

        static string Abc(string merges) => $$"""{"type":"BPE","vocab":{"a":0,"b":1,"c":2,"ab":3,"bc":4},"merges":[{{merges}}]}""";
    }

    [Fact]
    public void ATruncatedFileIsNamedWhereverItEnds()
    {
        var json = File.ReadAllText(Path.Combine(TokenizerFolders.Embedded, "tokenizer.json"));
        for (var length = 0; length < json.TrimEnd().Length; length += 997)
        {
            var error = Assert.Throws<UserException>(() => TokenizerVariant.LoadText(json[..length]));

            Assert.Contains("tokenizer.json: ", error.Message);
            Assert.DoesNotContain('\n', error.Message);
        }
    }

    [Fact]
    public void AChangedByteIsReadOrRefusedButNeverCrashes()
    {
        var json = File.ReadAllText(Path.Combine(TokenizerFolders.Embedded, "tokenizer.json"));
        var random = new Random(5);
        for (var round = 0; round < 100; round++)
        {
            var changed = json.ToCharArray();
            changed[random.Next(changed.Length)] = (char)random.Next(32, 127);
            try
            {
                TokenizerVariant.LoadText(new string(changed)).Encode("Compute 23+14.\n");
            }
            catch (UserException error)
            {
                Assert.DoesNotContain('\n', error.Message);
            }
        }
    }

    [Fact]
    public void DeepNestingIsRefused()
    {
        var error = Assert.Throws<UserException>(() => TokenizerVariant.LoadText(new string('[', 100_000)));

        Assert.Contains("not valid JSON", error.Message);
    }

    [Fact]
    public void AMissingFileOrFolderIsNamedWithTheRemedy()
    {
        foreach (var path in new[] { "no/such/folder", Path.GetTempPath() })
        {
            var error = Assert.Throws<UserException>(() => Tokenizer.Load(path));

            Assert.Contains(path, error.Message);
            Assert.Contains("not found; give a tokenizer.json or the folder that holds one", error.Message);
        }
    }

    // As text, so that a key may be there twice.
    private static string Replaced(string key, string value)
    {
        var file = JsonNode.Parse(File.ReadAllText(Path.Combine(TokenizerFolders.Embedded, "tokenizer.json")))!.AsObject();
        file[key] = "PLACE";
        return file.ToJsonString().Replace("\"PLACE\"", value);
    }
}
