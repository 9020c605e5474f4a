using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace LlmReasoning.Cli.Config;

/// <summary>YAML of one level: lines of <c>key: value</c> and <c>key: [value, ...]</c>; keys below a key are passed over, for the caller to refuse. Read from the parser's events, so that nothing else of YAML can happen.</summary>
internal static class FlatYaml
{
    private const int LargestFile = 1 << 20;
    private const int DeepestNode = 16;         // the parser's time grows with the square of it

    /// <summary>Reads a file.</summary>
    /// <exception cref="UserException">The file is missing, too large, not UTF-8 or not flat YAML; a key stands twice.</exception>
    public static List<ConfigEntry> ReadFile(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists) { throw new UserException($"{path}: there is no such file"); }
        RegularFile.Require(path);
        if (file.Length > LargestFile) { throw new UserException($"{path}: {file.Length} bytes; a config has at most {LargestFile}"); }
        try
        {
            return Read(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(path)).TrimStart('\uFEFF'), path);
        }
        catch (DecoderFallbackException)
        {
            throw new UserException($"{path}: the file is not UTF-8 text");
        }
    }

    /// <summary>Reads <paramref name="text"/>; <paramref name="path"/> is for messages.</summary>
    /// <exception cref="UserException">As <see cref="ReadFile"/>.</exception>
    public static List<ConfigEntry> Read(string text, string path)
    {
        RefuseTabs(text, path);
        var entries = new Dictionary<string, ConfigEntry>();
        try
        {
            var parser = new Parser(new StringReader(text));
            parser.Consume<StreamStart>();
            if (parser.TryConsume<StreamEnd>(out _)) { return []; }
            parser.Consume<DocumentStart>();
            if (parser.Current is Scalar { IsPlainImplicit: true, Value: "" }) { return []; }
            RefuseExtras(parser, path);
            if (!parser.TryConsume<MappingStart>(out _)) { throw Mistake(parser, path, "lines of the form 'key: value' are expected"); }
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                var entry = ReadEntry(parser, path);
                if (!entries.TryAdd(entry.Key, entry)) { throw new UserException($"{entry.Origin}: {entry.Key} stands twice, first at {entries[entry.Key].Origin}; keep one"); }
            }
            parser.Consume<DocumentEnd>();
            if (parser.Current is DocumentStart) { throw Mistake(parser, path, "a second document begins here; a config is one document"); }
        }
        catch (YamlException e)
        {
            throw new UserException($"{path}:{e.Start.Line}: not valid YAML: {e.Message}", e);
        }
        return [.. entries.Values];
    }

    private static ConfigEntry ReadEntry(Parser parser, string path)
    {
        RefuseExtras(parser, path);
        if (!parser.TryConsume<Scalar>(out var key)) { throw Mistake(parser, path, "a key is expected"); }
        var origin = $"{path}:{key.Start.Line}";
        RefuseExtras(parser, path);
        if (parser.TryConsume<Scalar>(out var value)) { return new(key.Value, ToScalar(value), origin); }
        if (parser.Current is MappingStart)
        {
            SkipNode(parser, path);
            return new(key.Value, [], ConfigShape.Mapping, origin);
        }
        parser.Consume<SequenceStart>();
        var scalars = new List<ConfigScalar>();
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            RefuseExtras(parser, path);
            if (!parser.TryConsume<Scalar>(out var item)) { throw Mistake(parser, path, $"the list {key.Value} holds something other than single values"); }
            scalars.Add(ToScalar(item));
        }
        return new(key.Value, scalars, ConfigShape.List, origin);
    }

    private static void SkipNode(Parser parser, string path)
    {
        var depth = 0;
        do
        {
            RefuseExtras(parser, path);
            depth += parser.Consume<ParsingEvent>().NestingIncrease;
            if (depth > DeepestNode) { throw Mistake(parser, path, "keys within keys without an end; the keys of a config are flat"); }
        }
        while (depth > 0);
    }

    private static ConfigScalar ToScalar(Scalar scalar) => new(scalar.Value, scalar.Style != ScalarStyle.Plain);

    // Anchors make small files expand without bound, tags ask for types by name.
    private static void RefuseExtras(Parser parser, string path)
    {
        if (parser.Current is AnchorAlias) { throw Mistake(parser, path, "an alias (*name); write the value itself"); }
        if (parser.Current is not NodeEvent node) { return; }
        if (!node.Anchor.IsEmpty) { throw Mistake(parser, path, "an anchor (&name); write the value wherever it is needed"); }
        if (!node.Tag.IsEmpty) { throw Mistake(parser, path, $"the tag {node.Tag.Value}; write the plain value"); }
    }

    private static void RefuseTabs(string text, string path)
    {
        var tab = text.IndexOf('\t');
        if (tab >= 0) { throw new UserException($"{path}:{text.AsSpan(0, tab).Count('\n') + 1}: a tab; YAML is indented with spaces (in a quoted text, write \\t)"); }
    }

    private static UserException Mistake(Parser parser, string path, string what) => new($"{path}:{parser.Current?.Start.Line}: {what}");
}
