using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Tests.Training;

public sealed class StepTableTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string TablePath => Path.Combine(_folder.Path, "table.csv");

    [Fact]
    public void RowsAfterTheLastCheckpointAndTornRowsAreRemoved()
    {
        // The last row was to be step 123.
        File.WriteAllText(TablePath, "step,reward\r\n9,0.5\r\n10,\r\n11,1\r\n12");
        var table = new StepTable(TablePath, 10);
        table.Append(["step", "reward"], [11, 0.25]);
        Assert.Equal("step,reward\r\n9,0.5\r\n10,\r\n11,0.25\r\n", File.ReadAllText(TablePath));
        Assert.Equal([(9.0, 0.5), (11.0, 0.25)], table.Column("reward"));
    }

    [Fact]
    public void ATextCannotBreakALine()
    {
        new StepTable(TablePath, 0).Append(["step", "bucket", "groups"], [1, "a,\"b\"\r\nc", 3]);
        Assert.Equal("step,bucket,groups\r\n1,a;'b'  c,3\r\n", File.ReadAllText(TablePath));
    }

    [Fact]
    public void ColumnsOfAnotherVersionAreRefused()
    {
        File.WriteAllText(TablePath, "step,reward\r\n1,0.5\r\n");
        Assert.Contains("its columns are step,reward", Assert.Throws<UserException>(() => new StepTable(TablePath, 1).Append(["step", "loss"], [2, 1.0])).Message, StringComparison.Ordinal);
    }
}
