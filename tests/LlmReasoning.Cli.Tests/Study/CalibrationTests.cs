using System.Text.Json;
using LlmReasoning.Cli.Study;

namespace LlmReasoning.Cli.Tests.Study;

/// <summary>study plan --calibrate as a process, with the embedded model.</summary>
public sealed class CalibrationTests : IDisposable
{
    private readonly TinyStudy _study = new("[base, rlvr]");

    public void Dispose() => _study.Dispose();

    [Fact]
    public void ACalibrationMeasuresBothRatesOnceAndThePlansAfterItUseThem()
    {
        BuiltProgram.NeedsLibtorch();
        var calibrated = Plan("--calibrate");
        Assert.True(calibrated.ExitCode == 0, calibrated.Error);
        Assert.Contains("trained tokens/s, as measured here", calibrated.Output, StringComparison.Ordinal);
        var speed = Assert.Single(JsonSerializer.Deserialize<Dictionary<string, Speed>>(File.ReadAllText(_study.Path("cache/llm-reasoning/speed.json")))!).Value;
        // No machine is outside of this: a time that was read from the wrong place, or as nothing, is.
        Assert.InRange(speed.SampledTokensPerSecond, 10, 1e8);
        Assert.InRange(speed.TrainedTokensPerSecond, 10, 1e8);
        Assert.False(Directory.Exists(_study.Path("out")));
        Assert.Equal(calibrated.Output, Plan().Output);
    }

    [Fact]
    public void WithoutACalibrationThePlanSaysWhoseRatesItTakes() => Assert.Contains("the rates of another machine", Plan().Output, StringComparison.Ordinal);

    private BuiltProgram.Finished Plan(params string[] more) =>
        BuiltProgram.RunWith("XDG_CACHE_HOME", _study.Path("cache"), ["study", "plan", "--config", _study.Config, "--output", _study.Path("out"), .. more]);
}
