using LlmReasoning.Benchmarks;
using LlmReasoning.Cli;

FewArenas.Ensure();
switch (args)
{
    case ["tokenizer", .. var rest]: TokenizerBenchmark.Run(rest); break;
    case ["verifier", .. var rest]: VerifierBenchmark.Run(rest); break;
    case ["sampler", .. var rest]:
        NativeTorch.Initialise();
        SamplerBenchmark.Run(rest);
        break;
    case ["training", .. var rest]:
        NativeTorch.Initialise();
        TrainingBenchmark.Run(rest);
        break;
    case ["grpo", .. var rest]:
        NativeTorch.Initialise();
        GrpoBenchmark.Run(rest);
        break;
    case ["plan", .. var rest]:
        NativeTorch.Initialise();
        PlanBenchmark.Run(rest);
        break;
    case ["memory", .. var rest]:
        NativeTorch.Initialise();
        MemoryBenchmark.Run(rest);
        break;
    default: Console.WriteLine("usage: LlmReasoning.Benchmarks tokenizer | verifier | sampler | training | grpo | plan | memory [ARGUMENT]..."); break;
}
