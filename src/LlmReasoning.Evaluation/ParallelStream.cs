using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace LlmReasoning.Evaluation;

/// <summary>Work on a stream of items that does not fit into memory.</summary>
internal static class ParallelStream
{
    /// <summary>Several threads, one item each at a time; the first exception leaves as it was thrown.</summary>
    public static void ForEach<T>(IEnumerable<T> items, Action<T> action)
    {
        try
        {
            // Without buffering an item is taken when a thread is free for it: memory does not grow with the file.
            Parallel.ForEach(Partitioner.Create(items, EnumerablePartitionerOptions.NoBuffering), action);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions.OfType<UserException>().FirstOrDefault() ?? e.InnerException!);
        }
    }
}
