namespace LlmReasoning.Verification.Parsing;

internal enum TokenKind
{
    End,
    Number,      // digits, with a decimal point or an exponent
    Word,        // a run of letters
    Command,     // a LaTeX command without its backslash
    Text,        // the words inside \text{...}
    Symbol,      // one character, or two of <= >= !=
    NewRow,      // \\ inside a matrix
}

/// <summary>One token; SpaceBefore tells that white space stood before it.</summary>
internal readonly record struct Token(TokenKind Kind, string Text, bool SpaceBefore)
{
    public bool Is(char symbol) => Kind == TokenKind.Symbol && Text.Length == 1 && Text[0] == symbol;

    public bool IsCommand(string name) => Kind == TokenKind.Command && Text == name;
}
