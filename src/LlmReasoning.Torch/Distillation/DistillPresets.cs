namespace LlmReasoning.Torch.Distillation;

/// <summary>A named way to distil: values of keys.</summary>
/// <param name="Name">What the key preset says.</param>
/// <param name="Source">Where the values come from.</param>
/// <param name="Values">As they would stand in a config.</param>
public sealed record DistillPreset(string Name, string Source, params IReadOnlyList<string> Values);

/// <summary>The ways that have names.</summary>
public static class DistillPresets
{
    public static IReadOnlyList<DistillPreset> All { get; } =
    [
        new("paper-sft", "Kim et al. 2025, table 7 and their sftconfig.yaml; the global batch of 4 on one device",
            "loss_type=nll", "learning_rate=1.0e-6", "lr_scheduler_type=constant_with_warmup", "warmup_steps=25", "weight_decay=1.0e-4", "adam_beta1=0.9", "adam_beta2=0.95",
            "max_grad_norm=0.1", "per_device_train_batch_size=1", "gradient_accumulation_steps=4", "num_train_epochs=5.0", "max_length=32768"),
        new("gkd", "arXiv 2306.13649, constants of TRL's GKDTrainer, whose temperature does not reach the loss",
            "loss_type=jsd", "beta=0.5", "lmbda=0.5", "temperature=0.9", "divergence_temperature=1.0", "max_completion_length=128"),
        new("minillm", "arXiv 2306.08543, constants of TRL's MiniLLMTrainer",
            "loss_type=minillm", "lmbda=1.0", "gamma=0.0", "length_normalization=true", "single_step_decomposition=true"),
        new("on-policy", "reverse KL on the student's samples: TRL's DistillationTrainer, sampled from the whole distribution that is scored",
            "loss_type=jsd", "beta=1.0", "lmbda=1.0", "learning_rate=1.0e-6"),
    ];

    /// <summary>The values of a name.</summary>
    /// <exception cref="UserException">There is no such preset.</exception>
    public static IReadOnlyList<string> ValuesOf(string name) => All.FirstOrDefault(preset => preset.Name == name)?.Values
        ?? throw new UserException($"preset is {name}; it is one of {string.Join(", ", All.Select(preset => preset.Name))}");
}
