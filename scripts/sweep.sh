#!/usr/bin/env bash
# Seeds x learning rates x loss presets: prints one full command a line, and runs nothing.
#   scripts/sweep.sh | xargs -P 2 -I{} bash -c "{}"          runs them, two at a time
#   scripts/sweep.sh --run 2                                 the same, and ends with the table of all runs
#   scripts/slurm/sweep.sh --seeds "0 1 2"                   as Slurm job arrays (docs/slurm.md)
# A line that was interrupted goes on where it stopped when it is run again; one that is finished ends at once.
set -euo pipefail

seeds="0 1 2"
rates="1.0e-4 3.0e-4 1.0e-3"
losses="grpo dr_grpo dapo"
config="configs/quickstart/sweep.yaml"
eval_config="configs/quickstart/base.yaml"
output="runs/sweep"
stage="both"
jobs=""
sets=()

usage() {
    sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    cat <<END
Options:
  --seeds LIST         [$seeds]
  --rates LIST         learning rates [$rates]
  --losses LIST        values of loss_type [$losses]; the config must not set epsilon, epsilon_high or beta, or they win over the preset's
  --config FILE        of train rlvr [$config]
  --eval-config FILE   of eval passk, for the trained models [$eval_config]
  --set key=value      another setting of train rlvr, for every run; may stand several times
  --output DIR         [$output]; runs lie in DIR/LOSS-lrRATE/seed-S/{run,test}
  --stage NAME         both, train, eval or summary: lines of one stage alone [$stage]
  --run [JOBS]         run the lines, JOBS at a time [1]
END
}

fail() { echo "sweep.sh: $1" >&2; exit 1; }

# xargs and bash read the lines again: what either would take apart has no place in them.
plain() { [[ "$2" =~ ^[A-Za-z0-9_./:=,@%+-]+$ ]] || fail "$1 is '$2'; use letters, digits and _ . / : = , @ % + - alone"; }

while (($# > 0)); do
    case "$1" in
        -h | --help) usage; exit 0 ;;
        --run)
            jobs=1
            if [[ "${2:-}" =~ ^[0-9]+$ ]]; then jobs="$2"; shift; fi
            shift
            continue
            ;;
        --seeds | --rates | --losses | --config | --eval-config | --set | --output | --stage)
            (($# > 1)) || fail "$1 needs a value"
            ;;
        *) fail "'$1' is not known here; see scripts/sweep.sh --help" ;;
    esac
    case "$1" in
        --seeds) seeds="$2" ;;
        --rates) rates="$2" ;;
        --losses) losses="$2" ;;
        --config) config="$2" ;;
        --eval-config) eval_config="$2" ;;
        --set) sets+=("$2") ;;
        --output) output="$2" ;;
        --stage) stage="$2" ;;
    esac
    shift 2
done
[[ "$stage" =~ ^(both|train|eval|summary)$ ]] || fail "--stage is '$stage'; use both, train, eval or summary"
for value in $seeds $rates $losses; do plain "a value" "$value"; done
plain --config "$config"
plain --eval-config "$eval_config"
plain --output "$output"
[[ -f "$config" ]] || fail "--config is $config, which does not exist"

# The last checkpoint, which is evaluated: the config's max_steps, or that of --set.
steps="$(sed -n 's/^max_steps: *\([0-9]*\).*/\1/p' "$config")"
more=""
for set in ${sets[@]+"${sets[@]}"}; do
    plain --set "$set"
    more+=" --set $set"
    [[ "$set" == max_steps=* ]] && steps="${set#max_steps=}"
done
[[ "$steps" =~ ^[1-9][0-9]*$ ]] || fail "$config has no max_steps; give --set max_steps=COUNT"
checkpoint="$(printf 'step-%06d' "$steps")"

program="scripts/llm-reasoning"
[[ -x "$program" ]] || program="$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/llm-reasoning"
plain "the program" "$program"

lines() {
    if [[ "$stage" == summary ]]; then
        echo "$program runs summary $output --output $output/summary.csv"
        return
    fi
    for loss in $losses; do
        own=""
        # The program has no default for the cap of this one, as epsilon_high means something else elsewhere.
        if [[ "$loss" == cispo && "$more" != *epsilon_high=* ]]; then own=" --set epsilon_high=5.0"; fi
        for rate in $rates; do
            for seed in $seeds; do
                folder="$output/$loss-lr$rate/seed-$seed"
                train="$program train rlvr --config $config --set loss_type=$loss --set learning_rate=$rate$own$more --seed $seed --output $folder/run --resume"
                eval="$program eval passk --config $eval_config --model $folder/run/checkpoints/$checkpoint --seed $seed --output $folder/test"
                case "$stage" in
                    train) echo "$train" ;;
                    eval) echo "$eval" ;;
                    both) echo "$train && $eval" ;;
                esac
            done
        done
    done
}

if [[ -z "$jobs" ]]; then
    lines
else
    lines | xargs -P "$jobs" -I{} bash -c "{}"
    if [[ "$stage" == both || "$stage" == eval ]]; then "$program" runs summary "$output" --output "$output/summary.csv"; fi
fi
