using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Torch.Tests.Tokenization;

public sealed class CanonicalCompositionTests
{
    [Theory]
    [InlineData("plain ASCII", "plain ASCII")]
    [InlineData("e\u0301", "\u00E9")]
    [InlineData("\u212B\u2126", "\u00C5\u03A9")]                          // single replacements
    [InlineData("\u0958", "\u0915\u093C")]                                // excluded from composition
    [InlineData("q\u0307\u0323", "q\u0323\u0307")]                        // marks in canonical order
    [InlineData("d\u0307\u0323", "\u1E0D\u0307")]                         // the nearer mark composes first
    [InlineData("\u1E9B\u0323", "\u1E9B\u0323")]
    [InlineData("a\u0328\u0305\u0301", "\u0105\u0305\u0301")]             // the acute is blocked by a mark of its class
    [InlineData("\u1100\u1161\u11A8", "\uAC01")]                          // Hangul, computed
    [InlineData("\uAC00\u11A8", "\uAC01")]
    [InlineData("\u0F73", "\u0F71\u0F72")]                                // class 0, but comes apart into marks
    [InlineData("\u09C7\u09BE", "\u09CB")]                                // two characters of class 0
    [InlineData("\u0301a", "\u0301a")]
    [InlineData("\U00011099\U000110BA", "\U0001109A")]                    // beyond the BMP
    [InlineData("\U0001D15E", "\U0001D157\U0001D165")]
    [InlineData("\uD800e\u0301", "\uD800\u00E9")]
    public void CharactersComposeAsAnnex15Says(string text, string composed)
    {
        Assert.Equal(composed, CanonicalComposition.Compose(text).Text);
    }

    [Fact]
    public void OriginsPointAtTheSegmentThatChanged()
    {
        var (text, origins) = CanonicalComposition.Compose("ae\u0301b");

        Assert.Equal("a\u00E9b", text);
        Assert.Equal([(0, 1), (1, 3), (3, 4)], origins!);
        Assert.Null(CanonicalComposition.Compose("\u00E9").Origins);
    }
}
