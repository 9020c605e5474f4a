switch (args)
{
    case ["verifier", .. var rest]:
        LlmReasoning.Benchmarks.VerifierBenchmark.Run(rest);
        break;
    default:
        Console.WriteLine("usage: LlmReasoning.Benchmarks NAME");
        break;
}
