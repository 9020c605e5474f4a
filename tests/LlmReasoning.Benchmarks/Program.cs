using LlmReasoning.Benchmarks;

switch (args)
{
    case ["tokenizer", .. var rest]: TokenizerBenchmark.Run(rest); break;
    case ["verifier", .. var rest]: VerifierBenchmark.Run(rest); break;
    default: Console.WriteLine("usage: LlmReasoning.Benchmarks tokenizer | verifier [ARGUMENT]..."); break;
}
