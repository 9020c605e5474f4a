using System.CommandLine;
using LlmReasoning.Cli.Study;

namespace LlmReasoning.Cli;

/// <summary>The program: parse, run one command, turn what went wrong into one line and an exit code.</summary>
internal static class Program
{
    private static readonly Option<bool> Verbose = new("--verbose") { Description = "Log information too, not warnings alone, to stderr", Recursive = true };

    /// <summary>All commands, one static class each.</summary>
    public static RootCommand CreateRoot()
    {
        var root = new RootCommand("Accuracy (pass@1) and capability (pass@k) of small reasoning language models.")
        {
            TrainCommand.Create(),
            SampleCommand.Create(),
            EvalCommand.Create(),
            DataCommand.Create(),
            VerifyCommand.Create(),
            StudyCommand.Create(),
            RunsCommand.Create(),
            InfoCommand.Create(),
        };
        root.Options.Add(Verbose);
        root.WithExamples("llm-reasoning eval passk --model embedded --problems embedded-test --k 256 --output runs/base");
        CommandHelp.AddExamplesTo(root);
        return root;
    }

    public static int Main(string[] args)
    {
        if (args.FirstOrDefault(argument => !argument.StartsWith('-')) is "train" or "sample" or "eval" or "study") { FewArenas.Ensure(); }
        Interruption.Watch();
        try
        {
            var parsed = Parse(CreateRoot(), args);
            if (parsed.Action == parsed.CommandResult.Command.Action) { Logging.Start(parsed.GetValue(Verbose)); }
            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (Exception exception)
        {
            // Worker threads wrap what they throw.
            return Fail(exception is AggregateException several ? several.Flatten().InnerExceptions[0] : exception);
        }
        finally
        {
            Logging.Close();
        }
    }

    /// <summary>Runs one command inside another, as the command line would; what goes wrong comes through, its results on the console do not.</summary>
    /// <param name="root">The program's.</param>
    /// <param name="arguments">What would stand behind its name.</param>
    public static int Run(Command root, IReadOnlyList<string> arguments)
    {
        var console = Console.Out;
        Console.SetOut(TextWriter.Null);
        try
        {
            return Parse(root, arguments).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null, Output = TextWriter.Null });
        }
        finally
        {
            Console.SetOut(console);
        }
    }

    private static ParseResult Parse(Command root, IReadOnlyList<string> arguments)
    {
        // No response files and no bundling: an answer such as @x or -1/2 is an argument like any other.
        var parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        if (UsageError.MistakenValue(parsed) is { } unknown) { throw new UserException(unknown); }
        return parsed.Errors.Count == 0 ? parsed : throw new UserException(UsageError.Describe(parsed));
    }

    private static int Fail(Exception exception)
    {
        if (exception is OperationCanceledException && Interruption.Token.IsCancellationRequested)
        {
            return Fail(ExitCode.Interrupted, "interrupted");
        }
        if (IsForTheUser(exception)) { return Fail(ExitCode.UserMistake, Describe(exception)); }
        var log = Logging.WriteFailure(exception);
        return Fail(ExitCode.Failure, $"{exception.GetType().Name}: {exception.Message.Split('\n')[0]}; the stack trace is in {log}");
    }

    private static int Fail(int exitCode, string message)
    {
        Logging.WriteToFile(message);
        Stderr.WriteLine($"llm-reasoning: {message}");
        return exitCode;
    }

    // The system's message names the path and no remedy.
    private static string Describe(Exception exception) => exception switch
    {
        UserException => exception.Message,
        UnauthorizedAccessException => $"{exception.Message.TrimEnd('.')}; change the permissions, or name another file or folder",
        _ when WriteFailure.IsFullDisk(exception) => $"{exception.Message}; make room, then run the command again",
        _ => $"{exception.Message.TrimEnd('.')}; check the file and the disk it is on",
    };

    // A full disk or a folder that may not be written is for the user to put right, and the system's message names the path.
    // An assembly that is missing (its name holds a version) is not.
    private static bool IsForTheUser(Exception exception) => exception switch
    {
        UserException or UnauthorizedAccessException => true,
        FileNotFoundException { FileName: { } name } when name.Contains(", Version=", StringComparison.Ordinal) => false,
        FileLoadException => false,
        _ => exception is IOException,
    };
}
