using System.Text;

namespace LlmReasoning.Torch.Tokenization;

/// <summary>Decodes the ids of one sequence as they come. All pieces together equal <see cref="Tokenizer.Decode"/> of all ids.</summary>
public sealed class StreamingDecoder
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecialTokens;
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();

    internal StreamingDecoder(Tokenizer tokenizer, bool skipSpecialTokens)
    {
        _tokenizer = tokenizer;
        _skipSpecialTokens = skipSpecialTokens;
    }

    /// <summary>The text that this id completes; bytes of an unfinished character are kept back.</summary>
    public string Push(int id) => Decode(_tokenizer.DecodedBytes(id, _skipSpecialTokens), flush: false);

    /// <summary>U+FFFD for the bytes that were kept back, if any. The decoder can then take a new sequence.</summary>
    public string Finish() => Decode([], flush: true);

    private string Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        var characters = new char[_utf8.GetCharCount(bytes, flush)];
        _utf8.GetChars(bytes, characters, flush);
        return new string(characters);
    }
}
