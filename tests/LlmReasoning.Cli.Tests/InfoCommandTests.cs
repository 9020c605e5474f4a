using System.Text.Json;

namespace LlmReasoning.Cli.Tests;

public sealed class InfoCommandTests
{
    [Fact]
    public void TheTableFitsEightyColumns()
    {
        BuiltProgram.NeedsLibtorch();
        var run = BuiltProgram.Run("info", "--no-measure");
        Assert.Equal(("", 0), (run.Error, run.ExitCode));
        // A folder's name is not broken, and stands alone on its line.
        Assert.All(run.Output.Split('\n').Where(line => line.Trim().Contains(' ')), line => Assert.InRange(line.Length, 0, 80));
    }

    [Fact]
    public void TheJsonHoldsTheMeasurements()
    {
        BuiltProgram.NeedsLibtorch();
        var run = BuiltProgram.Run("info", "--json");
        Assert.Equal(("", 0), (run.Error, run.ExitCode));
        using var json = JsonDocument.Parse(run.Output);
        var root = json.RootElement;
        Assert.NotEmpty(root.GetProperty("machine").GetProperty("processor").GetString()!);
        Assert.Equal("cpu", root.GetProperty("torch").GetProperty("devices")[0].GetString());
        var speed = root.GetProperty("speed");
        Assert.True(speed.GetProperty("float32_gigaflops").GetDouble() > 0);
        Assert.True(speed.GetProperty("copy_gigabytes_per_second").GetDouble() > 0);
        Assert.Contains(speed.GetProperty("dtype").GetString(), new[] { "float32", "bfloat16" });
    }
}
