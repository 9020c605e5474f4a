namespace LlmReasoning.Evaluation.Samples;

/// <summary>Reading, resuming, ordering and compressing samples.jsonl (.gz, .zst). Memory stays bounded by the number of samples, not by their texts.</summary>
/// <remarks>An unfinished last line, as a killed process leaves it, counts as not there; any other faulty line is an error.</remarks>
public static class SampleFile
{
    private static readonly string[] Names = ["samples.jsonl", "samples.jsonl.gz", "samples.jsonl.zst"];

    /// <summary>The samples files that paths name: a file itself, of a folder its samples.jsonl (.gz, .zst), else those of the folders in it (shards).</summary>
    /// <exception cref="UserException">A path that does not exist, or a folder without samples, or with two files of them.</exception>
    public static IReadOnlyList<string> Find(IEnumerable<string> paths)
    {
        var found = new List<string>();
        foreach (var path in paths)
        {
            if (!Directory.Exists(path))
            {
                found.Add(path);                                // whoever reads it says what is wrong with it
                continue;
            }
            string[] files = InFolder(path) is { } own ? [own] : [.. Directory.GetDirectories(path).Order(StringComparer.Ordinal).Select(InFolder).OfType<string>()];
            if (files.Length == 0) { throw new UserException($"{path}: no {string.Join(", ", Names)} in this folder or in those below; name the folder of a sampling run"); }
            found.AddRange(files);
        }
        return found;
    }

    /// <summary>The samples.jsonl (.gz, .zst) of a folder, null where there is none.</summary>
    /// <exception cref="UserException">The folder holds two of them.</exception>
    public static string? InFolder(string folder)
    {
        string[] files = [.. Names.Select(name => Path.Combine(folder, name)).Where(File.Exists)];
        if (files.Length > 1) { throw new UserException($"{folder}: holds {string.Join(" and ", files.Select(Path.GetFileName))}; remove one of them, or name a file"); }
        return files.FirstOrDefault();
    }

    /// <summary>The samples.jsonl that a run writes to a folder, compressed or not, whether it exists or not.</summary>
    /// <remarks>A process killed at the end of <see cref="Compress"/> or <see cref="Decompress"/> leaves the file in both forms; the compressed one is removed then.</remarks>
    /// <exception cref="UserException">The folder holds two files of different samples.</exception>
    public static string ToWrite(string folder)
    {
        var plain = Path.Combine(folder, Names[0]);
        foreach (var compressed in Names[1..].Select(name => Path.Combine(folder, name)))
        {
            if (File.Exists(plain) && File.Exists(compressed) && CompressedStream.SameContent(plain, compressed)) { File.Delete(compressed); }
        }
        return InFolder(folder) ?? plain;
    }

    /// <summary>Whether its name says that a file is compressed.</summary>
    public static bool IsCompressed(string path) => CompressedStream.IsCompressed(path);

    /// <summary>Replaces a compressed file by a plain one, which can be appended to.</summary>
    /// <param name="path">samples.jsonl.gz or samples.jsonl.zst.</param>
    /// <returns>The path of the plain file.</returns>
    /// <exception cref="UserException">The file is damaged; it is left as it is.</exception>
    public static string Decompress(string path)
    {
        var plain = CompressedStream.WithoutExtension(path);
        CompressedStream.Copy(path, plain);
        File.Delete(path);
        return plain;
    }

    /// <summary>Writes a whole file, compressed as its name says (.gz, .zst).</summary>
    public static void Write(string path, IEnumerable<Sample> samples)
    {
        var line = new JsonLine();
        CompressedStream.Write(path, stream =>
        {
            foreach (var sample in samples) { stream.Write(SampleJson.Write(line, sample)); }
        });
    }

    /// <summary>Replaces a finished file by a compressed one beside it.</summary>
    /// <param name="path">samples.jsonl.</param>
    /// <param name="extension">".gz" or ".zst".</param>
    /// <returns>The path of the compressed file.</returns>
    public static string Compress(string path, string extension)
    {
        var compressed = path + extension;
        if (!CompressedStream.IsCompressed(compressed)) { throw new UserException($"compression is \"{extension}\"; use .gz or .zst"); }
        CompressedStream.Copy(path, compressed);
        File.Delete(path);
        return compressed;
    }

    /// <summary>Samples in file order, read as they are taken.</summary>
    /// <exception cref="UserException">Names file and line: a faulty line, a sample that occurs twice, settings that differ from the first line's.</exception>
    public static IEnumerable<Sample> Read(string path) => Read([path]);

    /// <summary>Samples of several files that belong together (shards), as <see cref="Read(string)"/> would read them from one.</summary>
    /// <exception cref="UserException">As <see cref="Read(string)"/>.</exception>
    /// <param name="paths">In this order.</param>
    /// <param name="problemIds">Problems that samples may be of; null = any.</param>
    public static IEnumerable<Sample> Read(IEnumerable<string> paths, IReadOnlySet<string>? problemIds = null)
    {
        var keys = new SampleKeys();
        SamplingSettings? settings = null;
        var first = "";
        foreach (var path in paths)
        {
            foreach (var line in Lines(path))
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
                RequireNew(keys, path, line);
                if (problemIds?.Contains(line.Sample.ProblemId) == false) { throw UnknownProblem(path, line); }
                yield return line.Sample;
            }
        }
    }

    /// <summary>Tells which samples a file holds, and makes a plain one ready to be appended to by cutting off an unfinished last line. A missing file holds none.</summary>
    /// <param name="path">samples.jsonl (.gz, .zst).</param>
    /// <param name="expected">The settings of the samples to come. How many a problem gets may differ.</param>
    /// <exception cref="UserException">Settings that differ (the file is left as it is); otherwise as <see cref="Read(string)"/>.</exception>
    public static SampleKeys Resume(string path, SamplingSettings expected)
    {
        var keys = new SampleKeys();
        if (!File.Exists(path)) { return keys; }
        var end = 0L;
        var isTerminated = true;
        foreach (var line in Lines(path))
        {
            if (expected.Difference(line.Sample) is { } difference)
            {
                throw new UserException($"{path}: line {line.Number}: {difference.Key} is {difference.Found}, but {difference.Expected} is asked for; "
                    + "use the settings of the file, or another output folder");
            }
            RequireNew(keys, path, line);
            (end, isTerminated) = (line.End, line.IsTerminated);
        }
        if (!CompressedStream.IsCompressed(path) && (!isTerminated || new FileInfo(path).Length != end)) { Repair(path, end, isTerminated); }
        return keys;
    }

    /// <summary>Rewrites a file in canonical order, so that its bytes do not depend on which sample was finished first.</summary>
    /// <param name="path">samples.jsonl.</param>
    /// <param name="problemIds">The order of the problems; within a problem samples are ordered by sample_idx.</param>
    /// <exception cref="UserException">A sample of another problem; otherwise as <see cref="Read(string)"/>.</exception>
    public static void Sort(string path, IEnumerable<string> problemIds)
    {
        if (CompressedStream.IsCompressed(path)) { throw new ArgumentException("a compressed file is not put in order", nameof(path)); }
        var rankOf = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var id in problemIds) { rankOf.TryAdd(id, rankOf.Count); }

        var places = new List<(int Rank, int SampleIdx, long Start, long End)>();
        var isOrdered = true;
        var keys = new SampleKeys();
        foreach (var line in Lines(path))
        {
            RequireNew(keys, path, line);
            if (!rankOf.TryGetValue(line.Sample.ProblemId, out var rank))
            {
                throw UnknownProblem(path, line);
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

    private static UserException UnknownProblem(string path, Line line) =>
        new($"{path}: line {line.Number}: problem_id \"{line.Sample.ProblemId}\" is not in the problem set; use the problems the samples were drawn for");

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

    // After the settings: two runs of other seeds have the same samples too, and the seeds are what is wrong then.
    private static void RequireNew(SampleKeys keys, string path, Line line)
    {
        if (keys.Add(line.Sample.ProblemId, line.Sample.SampleIdx)) { return; }
        throw new UserException($"{path}: line {line.Number}: sample {line.Sample.SampleIdx} of problem \"{line.Sample.ProblemId}\" occurs twice; remove one of the lines");
    }

    /// <summary>Every sample with its place.</summary>
    private static IEnumerable<Line> Lines(string path)
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
            yield return new Line(sample, reader.LineNumber, reader.Offset, reader.NextOffset, reader.IsTerminated);
        }
    }

    private readonly record struct Line(Sample Sample, int Number, long Start, long End, bool IsTerminated);
}
