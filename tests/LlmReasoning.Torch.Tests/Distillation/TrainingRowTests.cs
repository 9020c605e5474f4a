using LlmReasoning.Torch.Distillation;

namespace LlmReasoning.Torch.Tests.Distillation;

public sealed class TrainingRowTests
{
    [Fact]
    public void BestFitFillsTheRowWithTheLeastRoomThatSuffices()
    {
        var rows = TrainingRow.Pack([.. new[] { 1, 4, 3, 5, 2, 3 }.Select(Document)], capacity: 6);
        Assert.Equal(["5+1", "4+2", "3+3"], rows.Select(row => string.Join('+', row.Documents.Select(document => document.Length))));
    }

    [Fact]
    [Trait("Category", "Golden")]
    public void RowsAreAsFullAsThoseOfTheReference()
    {
        foreach (var folder in Golden.Folders("reference/training/sft_packed"))
        {
            var golden = Golden.Json(Path.Combine(folder, "golden.json"));
            var expected = golden.GetProperty("packed_dataset").EnumerateArray().Select(row => row.GetProperty("seq_lengths").EnumerateArray().Select(length => length.GetInt32()).ToList()).ToList();
            var rows = TrainingRow.Pack([.. expected.SelectMany(lengths => lengths).Order().Select(Document)], golden.GetProperty("max_length").GetInt32());
            // Which of two equally good rows a document goes to is not fixed; how full they get is.
            Assert.Equal(expected.Select(lengths => lengths.Sum()).Order(), rows.Select(row => row.Length).Order());
        }
    }

    [Fact]
    public void ADocumentThatFitsNoRowIsRefused() => Assert.Throws<ArgumentException>(() => TrainingRow.Pack([Document(7)], capacity: 6));

    [Fact]
    public void TensorsNumberTheDocumentsAndTrainNoneOfTheirFirstTokens()
    {
        using var scope = NewDisposeScope();
        var whole = new SftExample([7, 8, 9], [true, true, true]);
        var (ids, documents, targets) = TrainingRow.ToTensors([new(whole, SftExample.Of([4], [5])), new(whole)], CPU);
        Assert.Equal([7, 8, 9, 4, 5, 7, 8, 9, 0, 0], ids.data<long>());
        Assert.Equal([1, 1, 1, 2, 2, 1, 1, 1, 0, 0], documents!.data<long>());
        Assert.Equal([0, 1, 1, 0, 1, 0, 1, 1, 0, 0], targets.data<long>());
        Assert.Null(TrainingRow.ToTensors([new(whole)], CPU).Documents);
    }

    [Fact]
    public void AStopTokenThatIsThePaddingTokenTooIsTrainedAndPaddingIsNot()
    {
        using var scope = NewDisposeScope();
        // 0 is what rows are padded with, and the stop token here.
        var (_, _, targets) = TrainingRow.ToTensors([new(SftExample.Of([0, 3], [4, 0])), new(SftExample.Of([3], [0]))], CPU);
        Assert.Equal([0, 0, 1, 1, 0, 1, 0, 0], targets.data<long>());
    }

    private static SftExample Document(int length) => new(new int[length], [.. Enumerable.Range(0, length).Select(i => i > 0)]);
}
