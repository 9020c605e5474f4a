using System.CommandLine;

namespace LlmReasoning.Cli.Tests;

public sealed class CommandHelpTests
{
    public static TheoryData<string> AllCommands()
    {
        var names = new TheoryData<string>();
        void Add(Command command, string path)
        {
            names.Add(path);
            foreach (var sub in command.Subcommands) { Add(sub, $"{path} {sub.Name}".Trim()); }
        }
        Add(Program.CreateRoot(), "");
        return names;
    }

    [Theory]
    [MemberData(nameof(AllCommands))]
    public void TheHelpOfEveryCommandEndsWithAnExampleThatParses(string path)
    {
        var help = new StringWriter();
        Assert.Equal(0, Program.CreateRoot().Parse($"{path} --help").Invoke(new InvocationConfiguration { Output = help }));
        var lines = help.ToString().TrimEnd().Split('\n');
        var title = Array.FindIndex(lines, line => line is "Example:" or "Examples:");
        Assert.True(title >= 0, $"no examples in the help of '{path}'");
        foreach (var example in string.Join('\n', lines[(title + 1)..]).Replace("\\\n", " ").Split('\n'))
        {
            Assert.StartsWith($"  llm-reasoning {path}".TrimEnd(), example);
            var arguments = example.Trim()["llm-reasoning".Length..].Split(['|', '>', '<'])[0];
            Assert.Empty(Program.CreateRoot().Parse(arguments).Errors);
        }
    }
}
