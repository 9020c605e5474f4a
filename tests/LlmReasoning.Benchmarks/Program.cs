switch (args)
{
    case ["tokenizer", .. var rest]: TokenizerBenchmark.Run(rest); break;
    case ["verifier", .. var rest]: LlmReasoning.Benchmarks.VerifierBenchmark.Run(rest); break;
    default: Console.WriteLine("usage: LlmReasoning.Benchmarks NAME [ARGUMENT]..."); break;
}
