namespace LlmReasoning.Evaluation.Samples;

/// <summary>Appends samples to samples.jsonl. Thread-safe; a line handed over is with the operating system when <see cref="Append"/> returns.</summary>
public sealed class SampleWriter : IDisposable
{
    private readonly Lock _lock = new();
    private readonly JsonLine _line = new();
    private readonly FileStream _stream;

    /// <param name="path">Made where it is missing; where it exists, <see cref="SampleFile.Resume"/> comes first.</param>
    /// <exception cref="UserException">The file cannot be written, or another process is writing it.</exception>
    public SampleWriter(string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            _stream = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{path}: cannot be written ({e.Message}); is another run writing it?", e);
        }
    }

    public void Append(Sample sample)
    {
        lock (_lock)
        {
            _stream.Write(SampleJson.Write(_line, sample));
        }
    }

    public void Dispose() => _stream.Dispose();
}
