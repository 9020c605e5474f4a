namespace LlmReasoning.Torch.Tokenization;

/// <summary>Ids of two neighbouring tokens and of the one that replaces them.</summary>
internal readonly record struct Merge(int Left, int Right, int Merged);
