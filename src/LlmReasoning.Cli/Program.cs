using System.CommandLine;

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
            InfoCommand.Create(),
        };
        root.Options.Add(Verbose);
        root.WithExamples("llm-reasoning info");
        CommandHelp.AddExamplesTo(root);
        return root;
    }

    public static int Main(string[] args)
    {
        Interruption.Watch();
        try
        {
            // No response files and no bundling: an answer such as @x or -1/2 is an argument like any other.
            var parsed = CreateRoot().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
            if (parsed.Errors.Count > 0) { throw new UserException(UsageError.Describe(parsed)); }
            if (parsed.Action == parsed.CommandResult.Command.Action) { Logging.Start(parsed.GetValue(Verbose)); }
            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (OperationCanceledException) when (Interruption.Token.IsCancellationRequested)
        {
            return Fail(ExitCode.Interrupted, "interrupted");
        }
        catch (Exception mistake) when (IsForTheUser(mistake))
        {
            return Fail(ExitCode.UserMistake, mistake.Message, mistake);
        }
        catch (Exception failure)
        {
            var log = Logging.WriteFailure(failure);
            return Fail(ExitCode.Failure, $"{failure.GetType().Name}: {failure.Message}; the stack trace is in {log}");
        }
        finally
        {
            Logging.Close();
        }
    }

    // A full disk or a folder that may not be written is for the user to put right, and the system's message names the path.
    // An assembly that is missing (its name holds a version) is not.
    private static bool IsForTheUser(Exception exception) => exception switch
    {
        UserException or UnauthorizedAccessException => true,
        FileNotFoundException { FileName: { } name } when name.Contains(", Version=", StringComparison.Ordinal) => false,
        FileLoadException => false,
        _ => exception is IOException,
    };

    private static int Fail(int exitCode, string message, Exception? cause = null)
    {
        Logging.WriteToFile(message, cause);
        Stderr.WriteLine($"llm-reasoning: {message}");
        return exitCode;
    }
}
