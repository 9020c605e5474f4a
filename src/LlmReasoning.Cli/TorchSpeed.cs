using System.Diagnostics;
using TorchSharp;

namespace LlmReasoning.Cli;

/// <summary>Matrix products and memory copies as libtorch runs them here, and the dtype that follows from them.</summary>
internal sealed record TorchSpeed
{
    /// <summary>A product that is expected to take longer than this is not tried.</summary>
    private const double LongestProductSeconds = 2.0;
    private const double MeasuringSeconds = 0.4;

    public required string Device { get; init; }
    public required double Float32Gigaflops { get; init; }

    /// <summary>n of the largest n x n x n product measured.</summary>
    public required int Float32Size { get; init; }
    public required double Bfloat16Gigaflops { get; init; }

    /// <summary>n of the largest n x n x n product measured; below <see cref="Float32Size"/> where larger ones would take too long.</summary>
    public required int Bfloat16Size { get; init; }

    /// <summary>Bytes read plus bytes written, in 10^9 a second.</summary>
    public required double CopyGigabytesPerSecond { get; init; }
    public required string Dtype { get; init; }

    /// <summary>Why this dtype.</summary>
    public required string Reason { get; init; }

    /// <summary>Measures for a few seconds.</summary>
    /// <param name="cuda">Whether to measure the first GPU instead of the CPU.</param>
    /// <param name="lacksFastBfloat16">What the processor's flags say; only for the reason given.</param>
    /// <param name="cancellation">Looked at between products.</param>
    public static TorchSpeed Measure(bool cuda, bool lacksFastBfloat16, CancellationToken cancellation)
    {
        using var _ = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var device = torch.device(cuda ? "cuda:0" : "cpu");
        var largest = cuda ? 4096 : 1024;
        var float32 = MeasureProducts(torch.float32, device, largest, cancellation);
        var bfloat16 = MeasureProducts(torch.bfloat16, device, largest, cancellation);
        var ratio = bfloat16.Gigaflops / float32.Gigaflops;
        // bfloat16 also halves the memory traffic of decoding, but on a CPU its rounding has to be paid for by a clear gain.
        var takeBfloat16 = ratio >= 1.3 && bfloat16.Size == float32.Size;
        return new()
        {
            Device = device.ToString(),
            Float32Gigaflops = float32.Gigaflops,
            Float32Size = float32.Size,
            Bfloat16Gigaflops = bfloat16.Gigaflops,
            Bfloat16Size = bfloat16.Size,
            CopyGigabytesPerSecond = MeasureCopy(device, cancellation),
            Dtype = takeBfloat16 ? "bfloat16" : "float32",
            Reason = FormattableString.Invariant($"bfloat16 products run at {ratio:0.##} times the float32 rate")
                + (!cuda && lacksFastBfloat16 && !takeBfloat16 ? " (the processor has neither avx512_bf16 nor amx_bf16)" : "")
                + (!cuda && takeBfloat16 ? "; float32 is exact where numbers are compared" : ""),
        };
    }

    /// <summary>Doubles n from 64, so that a slow kernel shows before it costs more than <see cref="LongestProductSeconds"/>.</summary>
    private static (int Size, double Gigaflops) MeasureProducts(torch.ScalarType dtype, torch.Device device, int largest, CancellationToken cancellation)
    {
        var size = 64;
        var seconds = MeasureProduct(size, dtype, device, cancellation);
        while (size < largest && seconds * 8 < LongestProductSeconds)
        {
            size *= 2;
            seconds = MeasureProduct(size, dtype, device, cancellation);
        }
        return (size, 2.0 * size * size * size / seconds / 1e9);
    }

    private static double MeasureProduct(int size, torch.ScalarType dtype, torch.Device device, CancellationToken cancellation)
    {
        using var _ = torch.NewDisposeScope();
        var a = torch.randn([size, size], dtype: dtype, device: device);
        var b = torch.randn([size, size], dtype: dtype, device: device);
        return Best(() => torch.mm(a, b).Dispose(), device, cancellation);
    }

    private static double MeasureCopy(torch.Device device, CancellationToken cancellation)
    {
        using var _ = torch.NewDisposeScope();
        const long bytes = 256L << 20;      // beyond the last level cache of most processors
        var source = torch.zeros([bytes / sizeof(float)], device: device);
        var target = torch.empty_like(source);
        return 2.0 * bytes / Best(() => target.copy_(source), device, cancellation) / 1e9;
    }

    /// <summary>The shortest time of one call in seconds, of as many as fit into <see cref="MeasuringSeconds"/> after one to warm up.</summary>
    private static double Best(Action action, torch.Device device, CancellationToken cancellation)
    {
        var best = double.PositiveInfinity;
        var all = Stopwatch.StartNew();
        for (var calls = 0; calls < 2 || all.Elapsed.TotalSeconds < MeasuringSeconds; calls++)
        {
            cancellation.ThrowIfCancellationRequested();
            var start = Stopwatch.GetTimestamp();
            action();
            if (device.type == DeviceType.CUDA) { torch.cuda.synchronize(device); }
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (calls > 0) { best = Math.Min(best, seconds); }
            if (calls == 0 && seconds > LongestProductSeconds) { return seconds; }
        }
        return best;
    }
}
