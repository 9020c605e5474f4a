using System.Diagnostics;
using LlmReasoning.Torch.Tokenization;

/// <summary>Loading, encoding and decoding on one core: TOKENIZER.json TEXT_FILE.</summary>
internal static class TokenizerBenchmark
{
    private const int Repeats = 5;

    public static void Run(string[] args)
    {
        if (args is not [var tokenizerPath, var textPath])
        {
            Console.WriteLine("usage: LlmReasoning.Benchmarks tokenizer TOKENIZER.json TEXT_FILE");
            return;
        }
        var watch = Stopwatch.StartNew();
        var tokenizer = Tokenizer.Load(tokenizerPath);
        var load = watch.Elapsed.TotalMilliseconds;
        tokenizer.Encode("one");
        Console.WriteLine($"first in the process: load {load:F1} ms, with the first word {watch.Elapsed.TotalMilliseconds:F1} ms");
        var again = Best(() => Tokenizer.Load(tokenizerPath).Encode("one"));
        Console.WriteLine($"later, with the first word: {again * 1000:F1} ms");

        var text = File.ReadAllText(textPath);
        var lines = text.Split('\n');
        var bytes = new FileInfo(textPath).Length;
        watch.Restart();
        var ids = tokenizer.Encode(text);
        Console.WriteLine($"{bytes} bytes, {ids.Length} tokens");
        Report("encode, nothing cached", watch.Elapsed.TotalSeconds);
        Report("encode, words cached", Best(() => ids = tokenizer.Encode(text)));
        Report("encode line by line", Best(() => Array.ForEach(lines, line => tokenizer.Encode(line))));
        Report("encode with offsets", Best(() => tokenizer.EncodeWithOffsets(text)));
        Report("decode", Best(() => tokenizer.Decode(ids)));
        Report("decode id by id", Best(() =>
        {
            var decoder = tokenizer.NewDecoder();
            Array.ForEach(ids, id => decoder.Push(id));
        }));

        void Report(string name, double seconds) => Console.WriteLine($"{name,-26} {bytes / seconds / 1e6,8:F1} MB/s");
    }

    private static double Best(Action action) => Enumerable.Range(0, Repeats).Min(_ =>
    {
        var watch = Stopwatch.StartNew();
        action();
        return watch.Elapsed.TotalSeconds;
    });
}
