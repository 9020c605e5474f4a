namespace LlmReasoning.Evaluation.Samples;

/// <summary>Reading, resuming and ordering samples.jsonl. Memory stays bounded by the number of samples, not by their texts.</summary>
/// <remarks>An unfinished last line, as a killed process leaves it, counts as not there; any other faulty line is an error.</remarks>
public static class SampleFile
{
    /// <summary>Samples in file order, read as they are taken.</summary>
    /// <exception cref="UserException">Names file and line: a faulty line, a sample that occurs twice, settings that differ from the first line's.</exception>
    public static IEnumerable<Sample> Read(string path) => Read([path]);

    /// <summary>Samples of several files that belong together (shards), as <see cref="Read(string)"/> would read them from one.</summary>
    /// <exception cref="UserException">As <see cref="Read(string)"/>.</exception>
    public static IEnumerable<Sample> Read(IEnumerable<string> paths)
    {
        var keys = new SampleKeys();
        SamplingSettings? settings = null;
        var first = "";
        foreach (var path in paths)
        {
            foreach (var line in Lines(path, keys))
            {
                if (settings is null)
                {
                    settings = SamplingSettings.Of(line.Sample);
                    first = path;
                }
                if (settings.Difference(line.Sample) is { } difference)
                {
                    throw new UserException($"{path}: line {line.Number}: {difference.Key} is {difference.Found}, but {first} began with {difference.Expected}; "
                        + "samples of different settings cannot be pooled, evaluate them apart");
                }
                yield return line.Sample;
            }
        }
    }

    /// <summary>Makes a file ready to be appended to, cutting off an unfinished last line, and tells which samples it holds. A missing file holds none.</summary>
    /// <param name="path">samples.jsonl.</param>
    /// <param name="expected">The settings of the samples to come. How many a problem gets may differ.</param>
    /// <exception cref="UserException">Settings that differ (the file is left as it is); otherwise as <see cref="Read(string)"/>.</exception>
    public static SampleKeys Resume(string path, SamplingSettings expected)
    {
        var keys = new SampleKeys();
        if (!File.Exists(path)) { return keys; }
        var end = 0L;
        var isTerminated = true;
        foreach (var line in Lines(path, keys))
        {
            if (expected.Difference(line.Sample) is { } difference)
            {
                throw new UserException($"{path}: line {line.Number}: {difference.Key} is {difference.Found}, but {difference.Expected} is asked for; "
                    + "use the settings of the file, or another output folder");
            }
            (end, isTerminated) = (line.End, line.IsTerminated);
        }
        if (!isTerminated || new FileInfo(path).Length != end) { Repair(path, end, isTerminated); }
        return keys;
    }

    /// <summary>Rewrites a file in canonical order, so that its bytes do not depend on which sample was finished first.</summary>
    /// <param name="path">samples.jsonl.</param>
    /// <param name="problemIds">The order of the problems; within a problem samples are ordered by sample_idx.</param>
    /// <exception cref="UserException">A sample of another problem; otherwise as <see cref="Read(string)"/>.</exception>
    public static void Sort(string path, IEnumerable<string> problemIds)
    {
        var rankOf = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var id in problemIds) { rankOf.TryAdd(id, rankOf.Count); }

        var places = new List<(int Rank, int SampleIdx, long Start, long End)>();
        var isOrdered = true;
        foreach (var line in Lines(path, new SampleKeys()))
        {
            if (!rankOf.TryGetValue(line.Sample.ProblemId, out var rank))
            {
                throw new UserException($"{path}: line {line.Number}: problem_id \"{line.Sample.ProblemId}\" is not in the problem set; use the problems the samples were drawn for");
            }
            var place = (rank, line.Sample.SampleIdx, line.Start, line.End);
            isOrdered &= line.IsTerminated && (places.Count == 0 || places[^1].CompareTo(place) < 0 && places[^1].End == line.Start);
            places.Add(place);
        }
        if (isOrdered) { return; }
        places.Sort();
        using var source = File.OpenHandle(path);
        AtomicFile.Write(path, stream =>
        {
            var buffer = Array.Empty<byte>();
            foreach (var (_, _, start, end) in places)
            {
                var length = (int)(end - start);
                if (buffer.Length < length) { buffer = new byte[length * 2]; }
                RandomAccess.Read(source, buffer.AsSpan(0, length), start);
                stream.Write(buffer.AsSpan(0, length));
                if (buffer[length - 1] != '\n') { stream.WriteByte((byte)'\n'); }
            }
        });
    }

    private static void Repair(string path, long end, bool isTerminated)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        stream.SetLength(end);
        if (!isTerminated)
        {
            stream.Position = end;
            stream.WriteByte((byte)'\n');
        }
    }

    /// <summary>Every sample with its place; adds to <paramref name="keys"/>, and refuses what is there already.</summary>
    private static IEnumerable<Line> Lines(string path, SampleKeys keys)
    {
        using var reader = new LineReader(path);
        while (reader.Read(out var bytes))
        {
            Sample sample;
            try
            {
                sample = SampleJson.Read(bytes);
            }
            catch (FormatException) when (!reader.IsTerminated)
            {
                yield break;
            }
            catch (FormatException e)
            {
                throw new UserException($"{path}: line {reader.LineNumber}: {e.Message}; repair or remove the line", e);
            }
            if (!keys.Add(sample.ProblemId, sample.SampleIdx))
            {
                throw new UserException($"{path}: line {reader.LineNumber}: sample {sample.SampleIdx} of problem \"{sample.ProblemId}\" occurs twice; remove one of the lines");
            }
            yield return new Line(sample, reader.LineNumber, reader.Offset, reader.NextOffset, reader.IsTerminated);
        }
    }

    private readonly record struct Line(Sample Sample, int Number, long Start, long End, bool IsTerminated);
}
