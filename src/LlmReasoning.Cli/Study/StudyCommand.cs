using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using LlmReasoning.Cli.Config;

namespace LlmReasoning.Cli.Study;

/// <summary><c>study</c>: every arm of the paper by one command.</summary>
internal static class StudyCommand
{
    public static Command Create() => new Command("study", "Run the whole study: base, RLVR and distilled models, their evaluations and comparisons, the report.")
    {
        CreatePlan(),
        CreateRun(),
        StudyReportCommand.Create(),
    }.WithExamples("llm-reasoning study run --config configs/quickstart/quick.yaml");

    private static Command CreatePlan()
    {
        var command = new Command("plan", "Show the stages of a study, what they take and how far they are; nothing is run.");
        var load = Options(command);
        var commands = new Option<bool>("--commands") { Description = "Print each stage as a shell command instead, in an order in which they can be run" };
        var level = new Option<int?>("--level") { Description = "With --commands: only the stages of this level, which can be run side by side", HelpName = "LEVEL" };
        var calibrate = new Option<bool>("--calibrate") { Description = "Measure how fast this machine samples and trains the study's model, for this and later plans: half a minute for a small one" };
        command.Options.Add(commands);
        command.Options.Add(level);
        command.Options.Add(calibrate);
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(level) is not null && !parsed.GetValue(commands)) { throw new UserException("--level goes with --commands; add it"); }
            var design = load(parsed);
            if (parsed.GetValue(commands)) { Console.Out.Write(StudyPlan.Commands(design, RunCommand(parsed, [commands, level, calibrate]), parsed.GetValue(level))); }
            else
            {
                var speed = parsed.GetValue(calibrate) ? Calibration.Measure(parsed.RootCommandResult.Command, design) : SpeedOf(design);
                Console.Out.Write(StudyPlan.Table(design, speed));
            }
            return ExitCode.Done;
        });
        return command.WithExamples(
            "llm-reasoning study plan --config configs/quickstart/study.yaml",
            "llm-reasoning study plan --config configs/quickstart/study.yaml --commands --level 1 | xargs -d '\\n' -n 1 -P 2 bash -c");
    }

    private static Command CreateRun()
    {
        var command = new Command("run", "Run what is not done yet; after an interruption or a change of the config, the same command goes on.");
        var load = Options(command);
        command.SetAction(parsed =>
        {
            var design = load(parsed);
            using var held = OutputFolder.Lock(design.Folder);
            StudyRun.Run(parsed.RootCommandResult.Command, design, SpeedOf(design));
            if (design.Arms.Count == 1)
            {
                Console.Out.WriteLine($"written to {design.Folder}");
                return ExitCode.Done;
            }
            Console.Out.Write(StudySummary.BucketTable(design));
            return StudyReportCommand.WriteWhereOld(design);
        });
        return command.WithExamples(
            "llm-reasoning study run --config configs/quickstart/quick.yaml",
            "llm-reasoning study run --config configs/quickstart/study.yaml --seeds 3 --output runs/study");
    }

    private static Speed SpeedOf(StudyDesign design) => Calibration.Read(design) ?? Speed.Estimate(design.Parameters, Environment.ProcessorCount);

    /// <summary>The arguments of <c>study run</c> that belong to those of <c>study plan</c>.</summary>
    private static List<string> RunCommand(ParseResult parsed, IReadOnlyList<Option> ofPlan)
    {
        List<string> arguments = ["study", "run"];
        foreach (var child in parsed.CommandResult.Children.OfType<OptionResult>().Where(child => !child.Implicit && !ofPlan.Contains(child.Option)))
        {
            var isPath = child.Option.Name is "--config" or "--output";
            foreach (var token in child.Tokens) { arguments.AddRange([child.Option.Name, isPath ? Path.GetFullPath(token.Value) : token.Value]); }
        }
        return arguments;
    }

    private static Func<ParseResult, StudyDesign> Options(Command command)
    {
        var options = new ConfigOptions<StudyConfig>(command);
        var seeds = new Option<string>("--seeds") { Description = "How many (0, 1, ...), or a list such as 0,1,2 [default: the config's]", HelpName = "SEEDS" };
        var output = new Option<string>("--output") { Description = "The study's folder [default: runs/ and the config's name]", HelpName = "DIR" };
        command.Options.Add(seeds);
        command.Options.Add(output);
        return parsed =>
        {
            var design = StudyDesign.Of(options.Load(parsed), parsed.GetValue<string>("--config"), ParseSeeds(parsed.GetValue(seeds)), parsed.GetValue(output));
            StudyFolder.RequireOwn(design.Folder);
            return design;
        };
    }

    private static int[]? ParseSeeds(string? text)
    {
        if (text is null) { return null; }
        var numbers = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1).ToArray();
        var isCount = !text.Contains(',');
        if (numbers.Length == 0 || numbers.Contains(-1) || numbers.Distinct().Count() < numbers.Length || isCount && numbers[0] is < 1 or > 1000)
        {
            throw new UserException($"--seeds is {text}; give a count such as 3, or different seeds such as 0,1,2");
        }
        return isCount ? [.. Enumerable.Range(0, numbers[0])] : numbers;
    }
}
