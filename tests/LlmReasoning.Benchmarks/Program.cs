Console.WriteLine("usage: LlmReasoning.Benchmarks NAME");
