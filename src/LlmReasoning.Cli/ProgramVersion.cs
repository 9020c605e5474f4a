using System.Reflection;

namespace LlmReasoning.Cli;

/// <summary>The version that --version, log.txt and info give.</summary>
internal static class ProgramVersion
{
    /// <summary>Version and commit, such as 0.1.0+9fdc097e3fe0310ec568ca99920e73f90964015a.</summary>
    public static string Text { get; } = typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
