global using LlmReasoning.Verification.Equality;
global using LlmReasoning.Verification.Expressions;
global using LlmReasoning.Verification.Numbers;
global using LlmReasoning.Verification.Parsing;
