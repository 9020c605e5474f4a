using LlmReasoning.Evaluation.Import;
using LlmReasoning.Evaluation.Problems;
using LlmReasoning.Evaluation.Samples;

namespace LlmReasoning.Evaluation.Tests.Import;

public sealed class SampleImportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private ImportSummary Run(string name, string text, ImportFormat format = ImportFormat.Plain, double? temperature = 0.7) =>
        SampleImport.Run([_folder.File(name, text)], _folder.File("out"), new() { Format = format, Temperature = temperature }, []);

    private Sample[] Samples() => [.. SampleFile.Read(_folder.File("out/samples.jsonl"))];

    [Fact]
    public void RowsOfOneProblemAreItsSamples()
    {
        var summary = Run("a.jsonl", """
            {"prompt": "1+1?", "ground_truth": "2", "response": "two", "finish_reason": "length"}
            {"prompt": "2+2?", "ground_truth": "4", "response": "4"}
            {"prompt": "1+1?", "ground_truth": "2", "response": "2"}
            """);
        Assert.Equal((3, 2), (summary.Samples, summary.WithoutFinishReason));
        Assert.Equal([new Problem { Id = "a-0", Text = "1+1?", Gold = "2" }, new Problem { Id = "a-1", Text = "2+2?", Gold = "4" }], summary.Problems);
        Assert.Equal([("a-0", 0, "two", "length"), ("a-1", 0, "4", "stop"), ("a-0", 1, "2", "stop")],
            Samples().Select(sample => (sample.ProblemId, sample.SampleIdx, sample.Text, sample.FinishReason)));
    }

    [Fact]
    public void FieldsOfPlainRowsMayHaveNamesOfTheirOwn()
    {
        var path = _folder.File("a.jsonl", """{"Nummer": "x", "Frage": "1+1?", "Antwort": "2", "response": "two"}""");
        ImportSummary Import(ProblemFieldNames fields) => SampleImport.Run([path], _folder.File("out"), new() { Format = ImportFormat.Plain, Temperature = 1, Fields = fields }, []);
        Assert.Contains("--answer-field", Assert.Throws<UserException>(() => Import(new())).Message, StringComparison.Ordinal);
        Assert.EndsWith("or name yours by --problem-field", Assert.Throws<UserException>(() => Import(new() { Answer = "Antwort" })).Message, StringComparison.Ordinal);
        Assert.Equal([new Problem { Id = "x", Text = "1+1?", Gold = "2" }], Import(new() { Problem = "Frage", Answer = "Antwort", Id = "Nummer" }).Problems);
    }

    [Theory]
    [InlineData(double.NaN, 1, 0, "temperature is NaN")]
    [InlineData(-1, 1, 0, "temperature is -1")]
    [InlineData(1, 7, 0, "top_p is 7")]
    [InlineData(1, 1, -4, "top_k is -4")]
    public void SamplingThatCannotHaveBeenIsRefused(double temperature, double topP, int topK, string message) =>
        Assert.StartsWith(message, Assert.Throws<UserException>(() => new ImportOptions { Format = ImportFormat.Plain, Temperature = temperature, TopP = topP, TopK = topK }.Validate()).Message, StringComparison.Ordinal);

    [Fact]
    public void AListOfRepliesIsAsManySamples()
    {
        Run("a.jsonl", """{"id": "x", "question": "q", "answer": "w\n#### 5", "responses": ["5", "6", null]}""");
        Assert.Equal([("x", 0, "5"), ("x", 1, "6"), ("x", 2, "")], Samples().Select(sample => (sample.ProblemId, sample.SampleIdx, sample.Text)));
    }

    [Fact]
    public void CsvIsReadAsWell()
    {
        Run("kim.csv", "prompt,ground_truth,response,response_length\n1+1?,2,\"so\n\\boxed{2}\",12\n");
        Assert.Equal("so\n\\boxed{2}", Assert.Single(Samples()).Text);
    }

    [Fact]
    public void AProblemInSeveralFilesGoesOn()
    {
        const string line = """{"idx": 7, "question": "q", "gt_cot": "c", "gt": "2", "code": ["2"], "finish_reason": ["stop"]}""";
        string[] files = [_folder.File("test_t_1_seed0_t0.6_s0_e-1.jsonl", line), _folder.File("test_t_1_seed1_t0.6_s0_e-1.jsonl", line)];
        var summary = SampleImport.Run(files, _folder.File("out"), new() { Format = ImportFormat.LimitOfRlvr }, []);
        Assert.Equal((1, 2), (summary.Problems.Count, summary.Samples));
        Assert.Equal([0, 1], Samples().Select(sample => sample.SampleIdx));
    }

    [Theory]
    [InlineData(ImportFormat.Plain, "[1]", "line 1: is an array")]
    [InlineData(ImportFormat.Plain, """{"question": "q", "answer": "1"}""", "line 1: no reply; one of the fields response")]
    [InlineData(ImportFormat.Plain, """{"response": "1"}""", "line 1: no problem; its text and answer are expected")]
    [InlineData(ImportFormat.Plain, """{"question": "q", "answer": "1", "response": "1", "finish_reason": "fell over"}""", "line 1: finish_reason is \"fell over\"")]
    [InlineData(ImportFormat.HumanEval, """{"task_id": "a", "completion": "1"}""", "no reply to a known problem; name their problems by --problems")]
    [InlineData(ImportFormat.LmEval, """{"doc_id": 0, "resps": [["a"], ["b"]], "arguments": {}}""", "line 1: is not a generation task")]
    [InlineData(ImportFormat.Plain, "\n\n[1]", "line 3: is an array")]
    [InlineData(ImportFormat.LmEval, """{"doc_id": 0, "resps": 3, "arguments": {}}""", "line 1: ")]
    [InlineData(ImportFormat.LimitOfRlvr, """{"idx": 0, "code": ["a"], "finish_reason": []}{""", "line 1: not JSON")]
    [InlineData(ImportFormat.Lighteval, """{"doc": {}}""", "line 1: no field model_response")]
    public void AMistakeNamesFileAndRowAndNothingIsWritten(ImportFormat format, string text, string message)
    {
        var error = Assert.Throws<UserException>(() => Run("bad.jsonl", text, format));
        Assert.StartsWith($"{_folder.File("bad.jsonl")}: {message}", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.File("out")) && Directory.EnumerateFiles(_folder.File("out")).Any());
    }

    [Fact]
    public void WhatTheFileDoesNotSayIsNotGuessed() =>
        Assert.Contains("give it by --temperature", Assert.Throws<UserException>(() => Run("a.jsonl", """{"question": "q", "answer": "1", "response": "1"}""", temperature: null)).Message);

    [Fact]
    public void TwoAnswersOfOneProblemAreRefused() =>
        Assert.Contains("line 2: problem \"1\" has another text or answer", Assert.Throws<UserException>(() => Run("a.jsonl", """
            {"id": 1, "question": "q", "answer": "1", "response": "1"}
            {"id": 1, "question": "q", "answer": "2", "response": "1"}
            """)).Message);
}
