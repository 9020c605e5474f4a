using System.Runtime.ExceptionServices;

namespace LlmReasoning.Torch.Interop;

/// <summary>Runs the kernels of our own over rows with as many threads as libtorch's operators use on the calling thread.</summary>
internal static class Rows
{
    /// <summary>Calls <paramref name="each"/> for 0..count-1, in no fixed order.</summary>
    public static void ForEach(int count, Action<int> each)
    {
        var threads = Math.Min(get_num_threads(), count);
        if (threads <= 1)
        {
            for (var row = 0; row < count; row++) { each(row); }
            return;
        }
        try
        {
            Parallel.For(0, threads, new() { MaxDegreeOfParallelism = threads }, part =>
            {
                for (var row = part * count / threads; row < (part + 1) * count / threads; row++) { each(row); }
            });
        }
        catch (AggregateException several)          // the same exception whether there is one thread or several
        {
            ExceptionDispatchInfo.Throw(several.InnerExceptions[0]);
        }
    }
}
