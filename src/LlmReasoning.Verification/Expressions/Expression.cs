namespace LlmReasoning.Verification.Expressions;

internal enum ExpressionKind
{
    Number,         // Value
    Constant,       // Name: pi, e, i, infinity, undefined
    Symbol,         // Name
    Unit,           // Name, such as cm, percent, degree, dollar; IsKnown false for a mere label
    Add,            // Items, sorted, like terms collected
    Multiply,       // Items, sorted, a rational coefficient first
    Power,          // Items: base, exponent
    Call,           // Name: the function; Items: its arguments
    Numeral,        // Name: the digits; Items: the base
    Ratio,          // Items; Name is "time" where it can be read as one
    Tuple,          // Items in order; two items may also be an open interval
    Interval,       // Name: the brackets; Items: the two ends
    Union,          // Items: intervals and sets
    Set,            // Items in any order
    List,           // Items without brackets
    Matrix,         // Name: the number of rows; Items by row
    Relation,       // Name: the operators, one character each; Items: the sides
    Text,           // Name: the folded text
}

/// <summary>
/// An immutable expression in canonical form: sums and products are flat, sorted and folded, a quotient is a power of -1, a root a power of 1/n.
/// Made by <see cref="Algebra"/>; two equal trees are equal expressions, the converse needs <see cref="Equivalence"/>.
/// </summary>
internal sealed class Expression : IEquatable<Expression>, IComparable<Expression>
{
    private static readonly Expression[] NoItems = [];

    public Expression(ExpressionKind kind, string name, Expression[]? items = null, Rational value = default, bool isDecimal = false)
    {
        Kind = kind;
        Name = name;
        Items = items ?? NoItems;
        Value = value;
        HasDecimal = isDecimal;
        var size = 1L;
        var depth = 0;
        var hash = Mix(((ulong)kind << 32) ^ (uint)value.GetHashCode());
        foreach (var c in name) { hash = Mix(hash ^ c); }
        foreach (var item in Items)
        {
            hash = Mix(hash ^ item.Fingerprint);
            size += item.Size;
            depth = Math.Max(depth, item.Depth);
            HasDecimal |= item.HasDecimal;
        }

        Fingerprint = hash;
        Depth = depth + 1;
        if (Depth > MaxDepth) { throw new BoundExceededException("too-deep"); }
        Size = size > MaxSize ? throw new BoundExceededException("too-large") : (int)size;
    }

    /// <summary>More nodes than this are refused.</summary>
    public const int MaxSize = 10_000;

    /// <summary>Deeper trees are refused, so that every walk over a tree may recurse.</summary>
    public const int MaxDepth = 200;

    public ExpressionKind Kind { get; }

    public string Name { get; }

    public Rational Value { get; }

    public Expression[] Items { get; }

    /// <summary>64 bits that depend on the whole tree and are the same in every process.</summary>
    public ulong Fingerprint { get; }

    /// <summary>The number of nodes.</summary>
    public int Size { get; }

    /// <summary>The longest way down.</summary>
    public int Depth { get; }

    /// <summary>A number in it was written with a decimal point or an exponent, so that it may be a rounded one.</summary>
    public bool HasDecimal { get; }

    public bool IsNumber => Kind == ExpressionKind.Number;

    public bool IsInteger => Kind == ExpressionKind.Number && Value.IsInteger;

    public bool Is(ExpressionKind kind, string name) => Kind == kind && Name == name;

    public bool Equals(Expression? other)
    {
        if (ReferenceEquals(this, other)) { return true; }
        if (other is null || Fingerprint != other.Fingerprint || Kind != other.Kind || Size != other.Size || Items.Length != other.Items.Length) { return false; }
        if (Name != other.Name || Value != other.Value) { return false; }
        for (var i = 0; i < Items.Length; i++)
        {
            if (!Items[i].Equals(other.Items[i])) { return false; }
        }

        return true;
    }

    public override bool Equals(object? obj) => Equals(obj as Expression);

    public override int GetHashCode() => (int)Fingerprint;

    /// <summary>A bijection of 64 bits that spreads every bit (the finaliser of SplitMix64).</summary>
    public static ulong Mix(ulong x)
    {
        x = unchecked(x + 0x9E3779B97F4A7C15UL);
        x = unchecked((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9UL);
        x = unchecked((x ^ (x >> 27)) * 0x94D049BB133111EBUL);
        return x ^ (x >> 31);
    }

    /// <summary>A total order that is the same in every process; numbers come first.</summary>
    public int CompareTo(Expression? other)
    {
        if (ReferenceEquals(this, other)) { return 0; }
        if (other is null) { return 1; }
        if (Kind != other.Kind) { return Kind < other.Kind ? -1 : 1; }
        if (Fingerprint != other.Fingerprint) { return Fingerprint < other.Fingerprint ? -1 : 1; }
        if (Items.Length != other.Items.Length) { return Items.Length < other.Items.Length ? -1 : 1; }
        var order = string.CompareOrdinal(Name, other.Name);
        if (order == 0) { order = Value.CompareTo(other.Value); }
        for (var i = 0; order == 0 && i < Items.Length; i++) { order = Items[i].CompareTo(other.Items[i]); }
        return order;
    }

    /// <summary>Whether this node or one below it satisfies the test.</summary>
    public bool Any(Func<Expression, bool> test)
    {
        if (test(this)) { return true; }
        foreach (var item in Items)
        {
            if (item.Any(test)) { return true; }
        }

        return false;
    }

    public override string ToString() => Items.Length == 0
        ? Kind == ExpressionKind.Number ? (Value.IsInteger ? $"{Value.Numerator}" : $"{Value.Numerator}/{Value.Denominator}") : Name
        : $"{Kind}{(Name.Length > 0 ? ":" + Name : "")}({string.Join(", ", (object[])Items)})";
}
