using LlmReasoning.Torch.Generation;

namespace LlmReasoning.Torch.Tests.Generation;

public sealed class SamplingSettingsTests
{
    public static TheoryData<string, SamplingSettings> Mistakes() => new()
    {
        { "temperature is -1", new() { Temperature = -1 } },
        { "temperature is NaN", new() { Temperature = double.NaN } },
        { "temperature is 1E-05", new() { Temperature = 1e-5 } },
        { "top_k is -1", new() { TopK = -1 } },
        { "top_p is 0", new() { TopP = 0 } },
        { "top_p is 1.1", new() { TopP = 1.1 } },
        { "top_p is NaN", new() { TopP = double.NaN } },
        { "min_p is -0.1", new() { MinP = -0.1 } },
        { "min_p is 2", new() { MinP = 2 } },
        { "repetition_penalty is 0", new() { RepetitionPenalty = 0 } },
        { "repetition_penalty is Infinity", new() { RepetitionPenalty = double.PositiveInfinity } },
        { "max_completion_length is 0", new() { MaxNewTokens = 0 } },
        { "stop_strings is an empty text", new() { StopStrings = ["\n\n", ""] } },
    };

    [Theory]
    [MemberData(nameof(Mistakes), DisableDiscoveryEnumeration = true)]
    public void AMistakeNamesTheKeyAndTheValue(string start, SamplingSettings settings) =>
        Assert.StartsWith($"{start};", Assert.Throws<UserException>(settings.Validate).Message);

    [Fact]
    public void TheDefaultsAndGreedyAreValid()
    {
        Assert.Equal(1, new SamplingSettings().Validate().Temperature);
        Assert.Equal(0, new SamplingSettings { Temperature = 0 }.Validate().Temperature);
    }
}
