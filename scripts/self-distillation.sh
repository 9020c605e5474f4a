#!/usr/bin/env bash
# Self-distillation on the embedded model: the five rows of table 1 of Kim et al. 2025. Each model samples the training problems, up to 8 correct
# answers a problem are kept, a student is trained on them, and all are evaluated on training and test problems. "A <- B" is student A on B's answers.
#   scripts/self-distillation.sh [--quick] [--seed SEED] [--output DIR]
# --quick draws fewer samples and trains for fewer steps. The same command again goes on where it stopped. Ends with table.md.
set -euo pipefail
root="$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")"
source "$root/scripts/require-dotnet.sh"

seed=0 out="" n_train=32 k_test=256 rlvr_steps=70 sft_steps=100
while [[ $# -gt 0 ]]; do
    case "$1" in
        --quick) n_train=8 k_test=64 rlvr_steps=40 sft_steps=40; out="${out:-$root/runs/self-distillation-quick}"; shift ;;
        --seed) seed="${2:?--seed needs a number}"; shift 2 ;;
        --output) out="${2:?--output needs a folder}"; shift 2 ;;
        *) echo "self-distillation.sh: '$1' is not known; use [--quick] [--seed SEED] [--output DIR]" >&2; exit 1 ;;
    esac
done
out="${out:-$root/runs/self-distillation}"

run="$root/scripts/llm-reasoning"
if [[ ! -f "$root/artifacts/bin/LlmReasoning.Cli/release/llm-reasoning.dll" ]]; then
    echo "building (the first time downloads packages)" >&2
    dotnet build "$root/src/LlmReasoning.Cli" -c Release -v quiet >&2
fi
sampling=(--temperature 1 --max-new-tokens 72)

# The model of a training run: the folder of its last checkpoint.
trained() { find "$out/$1/run/checkpoints" -maxdepth 1 -name 'step-*' | sort | tail -n 1; }

# evaluate ARM MODEL: samples of the training problems to select from, and pass@k on training and test problems.
evaluate() {
    echo "== $1: samples and pass@k" >&2
    "$run" sample --model "$2" --problems embedded-train --n "$n_train" --seed "$seed" "${sampling[@]}" --output "$out/$1/samples" >/dev/null
    "$run" eval passk --samples "$out/$1/samples" --problems embedded-train --k "$n_train" --output "$out/$1/train" >/dev/null
    "$run" eval passk --model "$2" --problems embedded-test --k "$k_test" --seed "$seed" "${sampling[@]}" --output "$out/$1/test" >/dev/null
}

# select_from ARM: its correct answers to training problems.
select_from() {
    [[ -f "$out/$1/select/sft.jsonl" ]] && return
    "$run" data select --problems embedded-train --samples "$out/$1/samples" --max-per-problem 8 --against embedded-test --seed "$seed" --output "$out/$1/select" >/dev/null
}

# distill ARM STUDENT TEACHER_ARM
distill() {
    echo "== $1: training on answers of $3" >&2
    "$run" train distill --config "$root/configs/quickstart/distill.yaml" --set "max_steps=$sft_steps" --seed "$seed" \
        --model "$2" --teacher-data "$out/$3/select/sft.jsonl" --output "$out/$1/run" --resume >/dev/null
}

evaluate base embedded
echo "== rlvr: training" >&2
"$run" train rlvr --config "$root/configs/quickstart/rlvr.yaml" --set "max_steps=$rlvr_steps" --seed "$seed" --output "$out/rlvr/run" --resume >/dev/null
rlvr="$(trained rlvr)"
evaluate rlvr "$rlvr"
select_from base
select_from rlvr
distill base-base embedded base
distill rlvr-rlvr "$rlvr" rlvr
distill base-rlvr embedded rlvr
for arm in base-base rlvr-rlvr base-rlvr; do evaluate "$arm" "$(trained "$arm")"; done
"$run" eval compare --base "$out/base/test" --model "$out/base-base/test" "$out/base-rlvr/test" "$out/rlvr/test" --output "$out/compare/base" >/dev/null
"$run" eval compare --base "$out/rlvr/test" --model "$out/rlvr-rlvr/test" "$out/base-rlvr/test" --output "$out/compare/rlvr" >/dev/null

# column FILE NAME...: the fields of these names, one row a line.
column() {
    local file="$1"
    shift
    awk -F, -v names="$*" 'NR == 1 { sub(/\r$/, ""); for (i = 1; i <= NF; i++) at[$i] = i; count = split(names, wanted, " "); next }
        { sub(/\r$/, ""); for (i = 1; i <= count; i++) printf "%s%s", $(at[wanted[i]]), i < count ? " " : "\n" }' "$file"
}

# share ARM/SPLIT K: pass@k in percent with its interval.
share() { column "$out/$1/passk.csv" k estimate lo hi | awk -v k="$2" '$1 == k { printf "%.1f [%.1f, %.1f]", 100 * $2, 100 * $3, 100 * $4 }'; }

{
    echo "# Self-distillation on the embedded model, seed $seed"
    echo
    echo "pass@k in percent with 95 % intervals of a bootstrap over problems; $n_train samples a training problem, $k_test a test problem."
    echo "Synthetic problems, built so that the base is diffuse: the numbers say nothing about large models."
    echo
    echo "| run | train pass@1 | test pass@1 | test pass@$k_test |"
    echo "| --- | --- | --- | --- |"
    while read -r arm name; do
        echo "| $name | $(share "$arm/train" 1) | $(share "$arm/test" 1) | $(share "$arm/test" "$k_test") |"
    done <<'ROWS'
base Base
base-base Base <- Base
rlvr RL
rlvr-rlvr RL <- RL
base-rlvr Base <- RL
ROWS
    echo
    echo "Paired differences with intervals: compare/base (against Base) and compare/rlvr (against RL)."
} | tee "$out/table.md"
