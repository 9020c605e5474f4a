switch (args)
{
    case ["tokenizer", .. var rest]: TokenizerBenchmark.Run(rest); break;
    case ["training", .. var rest]: TrainingBenchmark.Run(rest); break;
    default: Console.WriteLine("usage: LlmReasoning.Benchmarks NAME [ARGUMENT]..."); break;
}
