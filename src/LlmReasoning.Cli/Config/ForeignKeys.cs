namespace LlmReasoning.Cli.Config;

/// <summary>Keys and values of TRL, transformers and DAPO's recipes that this program spells otherwise, or that have no meaning in it: files written for them load here.</summary>
/// <remarks>A record that has a property of such a name has its own meaning for it, and nothing here applies.</remarks>
internal static class ForeignKeys
{
    // Other name, name here.
    private static readonly (string Name, string Key)[] s_aliases =
    [
        ("torch_dtype", "dtype"),
        ("model_name", "model_name_or_path"),
        ("teacher_model_name", "teacher_model_name_or_path"),
        ("teacher_torch_dtype", "teacher_dtype"),
        ("max_seq_length", "max_length"),
        ("max_new_tokens", "max_completion_length"),
        ("evaluation_strategy", "eval_strategy"),
        ("num_generations_eval", "eval_n"),
        ("clip_ratio_c", "delta"),
        ("clip_ratio_low", "epsilon"),
        ("clip_ratio_high", "epsilon_high"),
        ("kl_loss_coef", "beta"),
        ("entropy_coeff", "entropy_coef"),
        ("vllm_importance_sampling_correction", "rollout_importance_sampling_correction"),
        ("vllm_importance_sampling_mode", "rollout_importance_sampling_mode"),
        ("vllm_importance_sampling_cap", "rollout_importance_sampling_cap"),
        ("vllm_importance_sampling_clip_max", "rollout_importance_sampling_cap"),
        ("vllm_importance_sampling_clip_min", "rollout_importance_sampling_min"),
    ];

    // Key here, a value that others write for it, the value here.
    private static readonly (string Key, string Value, string Becomes)[] s_values =
    [
        ("scale_rewards", "true", "group"),
        ("scale_rewards", "True", "group"),
        ("scale_rewards", "false", "none"),
        ("scale_rewards", "False", "none"),
        ("kl_loss_type", "kl", "k1"),
        ("kl_loss_type", "mse", "k2"),
        ("kl_loss_type", "low_var_kl", "k3"),
        ("loss_agg_mode", "token-mean", "token_mean"),
        ("loss_agg_mode", "seq-mean-token-mean", "sequence_mean"),
        ("loss_agg_mode", "seq-mean-token-sum", "sequence_sum"),
        ("loss_agg_mode", "seq-mean-token-sum-norm", "constant_length"),
        ("reward_funcs", "accuracy_reward", "accuracy"),
        ("reward_funcs", "think_format_reward", "think_format"),
        ("reward_funcs", "soft_overlong_punishment", "soft_overlong"),
        ("reward_funcs", "repetition_penalty", "repetition"),
        ("dtype", "auto", "null"),
        ("teacher_dtype", "auto", "null"),
    ];

    // Whatever their value: ignored, and listed.
    private static readonly (string Reason, string[] Names)[] s_ignored =
    [
        ("sampling is part of this process", ["use_vllm", "vllm_*", "use_transformers_paged", "ds3_gather_for_generation", "cache_implementation", "use_cache"]),
        ("seed is that of the data's order too", ["data_seed"]),
        ("one process trains", ["deepspeed", "deepspeed_*", "ddp_*", "fsdp", "fsdp_*", "accelerator_config", "parallelism_config", "local_rank", "tp_size", "full_determinism", "split_batches"]),
        ("a run is metrics.csv, tensorboard/ and log.txt in its folder", ["report_to", "run_name", "project", "trackio_space_id", "wandb_*", "logging_dir", "logging_strategy", "logging_steps", "logging_first_step", "log_level", "log_level_replica", "log_on_each_node", "log_completions", "num_completions_to_print", "wandb_log_unique_prompts", "log_unique_prompts", "disable_tqdm", "include_tokens_per_second", "include_num_input_tokens_seen", "skip_memory_metrics"]),
        ("nothing is uploaded or downloaded", ["push_to_hub", "push_to_hub_*", "hub_*", "model_revision", "trust_remote_code", "dataset_name", "dataset_config", "dataset_config_name", "dataset_train_split", "dataset_test_split", "dataset_streaming", "dataset_prompt_column"]),
        ("data is read whole, before the run", ["dataloader_*", "dataset_num_proc", "remove_unused_columns", "group_by_length", "length_column_name", "ignore_data_skip", "label_names"]),
        ("attention and kernels are chosen here", ["attn_implementation", "use_liger_kernel", "use_liger_loss", "use_kernels", "torch_compile", "torch_compile_*", "jit_mode_eval", "use_ipex", "tf32", "half_precision_backend", "gradient_checkpointing_kwargs", "torch_empty_cache_steps", "auto_find_batch_size", "eval_accumulation_steps", "per_device_eval_batch_size", "bf16_full_eval", "fp16_full_eval", "fp16_opt_level"]),
        ("the command says it", ["do_train", "do_eval", "do_predict", "overwrite_output_dir", "prediction_loss_only"]),
        ("checkpoints are always whole and in safetensors", ["save_safetensors", "save_only_model", "save_on_each_node", "restore_callback_states_from_checkpoint", "callbacks", "benchmarks"]),
        ("the first value that is not finite stops the run", ["logging_nan_inf_filter"]),
        ("training is in float32, or with bf16 computes in bfloat16", ["bf16", "fp16", "dtype", "torch_dtype"]),
        ("models here have no dropout", ["disable_dropout"]),
        ("longer examples stop the run, or drop_overlong leaves them out", ["truncation_mode", "max_prompt_length"]),
        ("padding is masked and packed texts do not see each other", ["padding_free", "pad_to_multiple_of", "pad_token"]),
        ("the file's own fields say what it is", ["dataset_text_field", "dataset_kwargs"]),
        ("go on with --resume", ["checkpoint_path"]),
        ("checkpoints/best.json names the best checkpoint", ["load_best_model_at_end"]),
    ];

    // Fine with the values that say what happens here; with others a mistake, for the reason given.
    private static readonly (string Name, string[] Accepted, string Remedy)[] s_fixed =
    [
        ("optim", ["adamw_torch", "adamw_torch_fused", "adamw_hf"], "the optimizer is AdamW (adamw_torch)"),
        ("optim_args", ["null"], "write adam_beta1, adam_beta2, adam_epsilon"),
        ("lr_scheduler_kwargs", ["null"], "write min_lr_rate and num_decay_steps as keys of their own"),
        ("resume_from_checkpoint", ["null", "false"], "go on with --resume"),
        ("use_peft", ["false"], "all weights train, there are no adapters"),
        ("load_in_8bit", ["false"], "weights are float32"),
        ("load_in_4bit", ["false"], "weights are float32"),
        ("model_init_kwargs", ["null"], "write dtype, the one of them there is"),
        ("teacher_model_init_kwargs", ["null"], "write teacher_dtype, the one of them there is"),
        ("neftune_noise_alpha", ["null"], "there is no noise on embeddings"),
        ("label_smoothing_factor", ["0", "0.0"], "labels are not smoothed"),
        ("repetition_penalty", ["1", "1.0"], "the trainer's probabilities have no penalty, so the sampler's must not"),
        ("sync_ref_model", ["false"], "the reference model stays what it was"),
        ("use_adaptive_entropy", ["false"], "entropy_coef is constant"),
        ("system_prompt", ["null"], "write it into a file with {problem} and name that as template"),
        ("chat_template", ["null"], "write a file with {problem} and name that as template"),
        ("completion_only_loss", ["null", "true"], "prompts are never trained; write the whole as text to train all of it"),
        ("average_tokens_across_devices", ["true"], "the divisor is counted over the whole step"),
        ("filter_groups", ["null"], "write zero_variance_groups: refill and max_num_gen_batches: 10 (flat)"),
        ("overlong_buffer", ["null"], "write reward_funcs: [accuracy, soft_overlong] and soft_punish_cache: 4096 (flat)"),
        ("generation_kwargs", ["null"], "write temperature, top_p, top_k and min_p"),
        ("chat_template_kwargs", ["null"], "write the template as a file with {problem}"),
    ];

    /// <summary>The entry with this program's key and value.</summary>
    public static ConfigEntry Translate<T>(ConfigEntry entry) where T : class
    {
        var alias = s_aliases.FirstOrDefault(row => row.Name == entry.Key);
        if (alias.Key is not null && !RunConfig<T>.Has(entry.Key) && RunConfig<T>.Has(alias.Key)) { entry = entry with { Key = alias.Key }; }
        return entry with { Scalars = [.. entry.Scalars.Select(scalar => Translate(entry.Key, scalar))] };
    }

    /// <summary>Why a key that is none here may stand in the file all the same, "" where its value says what happens here; null where it may not.</summary>
    /// <exception cref="UserException">The key is known, and asks for something that is not here.</exception>
    public static string? ReasonToIgnore(ConfigEntry entry)
    {
        if (s_fixed.FirstOrDefault(row => row.Name == entry.Key) is { Name: not null } row)
        {
            var text = entry.Text.ToLowerInvariant();
            if (row.Accepted.Contains(text is "" or "~" ? "null" : text)) { return ""; }
            throw new UserException($"{entry.Origin}: {entry.Key} is '{entry.Text}'; {row.Remedy}");
        }
        return s_ignored.FirstOrDefault(row => row.Names.Any(name => name.EndsWith('*') ? entry.Key.StartsWith(name[..^1], StringComparison.Ordinal) : entry.Key == name)).Reason;
    }

    /// <summary>One line from keys and their reasons; null where there is nothing to say.</summary>
    public static string? Describe(IReadOnlyDictionary<string, string> ignored)
    {
        var reasons = ignored.Where(pair => pair.Value.Length > 0).GroupBy(pair => pair.Value, pair => pair.Key).Select(group => $"{string.Join(", ", group)} ({group.Key})");
        var list = string.Join("; ", reasons);
        return list.Length == 0 ? null : $"keys without a meaning here are ignored: {list}";
    }

    private static ConfigScalar Translate(string key, ConfigScalar scalar) =>
        s_values.FirstOrDefault(row => row.Key == key && row.Value == scalar.Text) is { Becomes: { } becomes } ? new(becomes, Quoted: false) : scalar;
}
