using LlmReasoning.Torch.Training;

namespace LlmReasoning.Torch.Tests.Training;

public sealed class DataOrderTests
{
    [Fact]
    public void EveryEpochHoldsEveryItemOnceInAnOrderOfItsOwn()
    {
        var order = new DataOrder(10, seed: 3);
        var epochs = Enumerable.Range(0, 5).Select(step => order.Take(step, 4)).SelectMany(items => items).Chunk(10).ToList();
        Assert.All(epochs, epoch => Assert.Equal(Enumerable.Range(0, 10), epoch.Order()));
        Assert.NotEqual(epochs[0], epochs[1]);
    }

    [Fact]
    public void AStepsItemsDoNotDependOnWhatWasTakenBefore()
    {
        var all = new DataOrder(7, seed: 1);
        var steps = Enumerable.Range(0, 9).Select(step => all.Take(step, 3)).ToList();
        Assert.Equal(steps[5], new DataOrder(7, seed: 1).Take(5, 3));
        Assert.NotEqual(steps.SelectMany(items => items), Enumerable.Range(0, 9).SelectMany(step => new DataOrder(7, seed: 2).Take(step, 3)));
    }

    [Fact]
    public void GroupedByLengthAnEpochStillHoldsEveryItemOnceAndAResumedRunGoesOnInIt()
    {
        int Length(int item) => item * 37 % 23;
        List<IReadOnlyList<int>> StepsOf(int from) { var order = new DataOrder(1000, 5, length: Length); return [.. Enumerable.Range(from, 250 - from).Select(step => order.Take(step, 8))]; }
        var steps = StepsOf(0);
        Assert.All(steps.SelectMany(items => items).Chunk(1000), epoch => Assert.Equal(Enumerable.Range(0, 1000), epoch.Order()));
        Assert.Equal(steps.Skip(77), StepsOf(77));
        Assert.NotEqual(steps[0], steps[125]);
    }

    [Fact]
    public void GroupedByLengthAStepsItemsAreOfSimilarLengthAndTheStepsInNoOrderOfLength()
    {
        int Length(int item) => item * 37 % 400;
        var order = new DataOrder(400, 5, length: Length);
        List<int[]> lengths = [.. Enumerable.Range(0, 50).Select(step => order.Take(step, 8).Select(Length).ToArray())];
        Assert.All(lengths, step => Assert.Equal(7, step.Max() - step.Min()));          // all of the epoch is one window, and every length occurs once
        Assert.NotEqual(lengths.Select(step => step.Min()).Order(), lengths.Select(step => step.Min()));
    }

    [Fact]
    public void WithoutShufflingTheOrderIsThatOfTheFile() => Assert.Equal([3, 4, 0], new DataOrder(5, seed: 1, shuffle: false).Take(1, 3));
}
