namespace LlmReasoning.Cli.Tests;

public sealed class ProgressTests
{
    private readonly List<string> _lines = [];
    private readonly Clock _clock = new();

    [Fact]
    public void ALineIsWrittenAtTheStartEveryTenSecondsAndAtTheEnd()
    {
        using (var progress = Start(total: 100))
        {
            for (var second = 1; second <= 25; second++)
            {
                _clock.Seconds = second;
                progress.Report(second * 4);
            }
        }
        Assert.Equal(
        [
            "sampling: 0/100 samples",
            "sampling: 40/100 samples, 4.0 samples/s, 15 s left",
            "sampling: 80/100 samples, 4.0 samples/s, 5.0 s left",
            "sampling: 100/100 samples in 25 s, 4.0 samples/s",
        ], _lines);
    }

    [Fact]
    public void DetailsAreWrittenOnceAMinuteAndAtTheEnd()
    {
        using (var progress = Start(total: 100))
        {
            for (var second = 10; second <= 80; second += 10)
            {
                _clock.Seconds = second;
                progress.Report(second, "", [$"detail {second}"]);
            }
        }
        Assert.Equal(["  detail 10", "  detail 70", "  detail 80"], _lines.Where(line => line.StartsWith(' ')));
    }

    [Fact]
    public void WhatAnEarlierCommandDidIsNotPartOfTheRate()
    {
        using var progress = Start(total: 100, alreadyDone: 60);
        _clock.Seconds = 10;
        progress.Report(80, "pass@1 29.4 %");
        Assert.Equal("sampling: 80/100 samples, 2.0 samples/s, 10 s left, pass@1 29.4 %", _lines[^1]);
    }

    [Fact]
    public void AnEndBeforeTheEndIsSaid()
    {
        using (var progress = Start(total: 100))
        {
            _clock.Seconds = 100;
            progress.Report(1);
        }
        Assert.Equal("sampling: stopped at 1/100 samples in 1 min 40 s, 36.0 samples/h", _lines[^1]);
    }

    [Fact]
    public void ReportsOfThreadsMayComeInAnyOrder()
    {
        using (var progress = Start(total: 10))
        {
            progress.Report(10);
            progress.Report(3);
        }
        Assert.StartsWith("sampling: 10/10 samples", _lines[^1]);
    }

    [Theory]
    [InlineData(9.34, "9.3 s")]
    [InlineData(59.4, "59 s")]
    [InlineData(97, "1 min 37 s")]
    [InlineData(7500, "2 h 05 min")]
    [InlineData(273_600, "3 d 4 h")]
    public void ADurationHasTwoUnitsAtMost(double seconds, string expected) => Assert.Equal(expected, Progress.Duration(TimeSpan.FromSeconds(seconds)));

    private Progress Start(long total, long alreadyDone = 0) => new("sampling", total, "samples", alreadyDone, _lines.Add, _clock, drawBar: false);

    private sealed class Clock : TimeProvider
    {
        public long Seconds { get; set; }
        public override long TimestampFrequency => 1;
        public override long GetTimestamp() => Seconds;
    }
}
