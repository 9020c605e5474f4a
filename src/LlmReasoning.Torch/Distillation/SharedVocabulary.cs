using System.Text;
using LlmReasoning.Torch.Tokenization;

namespace LlmReasoning.Torch.Distillation;

/// <summary>Whether two models' distributions over the next token can be compared.</summary>
public static class SharedVocabulary
{
    /// <summary>Refuses tokenizers that give an id to different tokens.</summary>
    /// <exception cref="UserException">Names the first id that differs.</exception>
    public static void Require(Tokenizer student, Tokenizer teacher)
    {
        for (var id = 0; id < Math.Max(student.VocabularySize, teacher.VocabularySize); id++)
        {
            if (student.BytesOf(id).SequenceEqual(teacher.BytesOf(id)) && student.IsSpecial(id) == teacher.IsSpecial(id)) { continue; }
            throw new UserException(
                $"{teacher.SourcePath}: token {id} is {Show(teacher, id)}, and {Show(student, id)} for the student ({student.SourcePath}); a divergence needs a teacher with the student's tokenizer: "
                + "take one, or sample it and train on its texts (--teacher-data)");
        }
    }

    private static string Show(Tokenizer tokenizer, int id) => tokenizer.BytesOf(id) is { Length: > 0 } bytes
        ? $"\"{Encoding.UTF8.GetString(bytes).ReplaceLineEndings("\\n")}\"" : "none";
}
