#!/usr/bin/env bash
# A study as Slurm job arrays: the stages of a level side by side, a level when the one before it has ended well. Takes the options of study plan, and --at-once N.
#   scripts/slurm/study.sh --config configs/quickstart/study.yaml --seeds 3
set -euo pipefail
here="$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
options=()
limit=()
while (($# > 0)); do
    if [[ "$1" == --at-once ]]; then limit=(--at-once "${2:-}"); shift 2; continue; fi
    options+=("$1")
    shift
done
plan=("$here/../llm-reasoning" study plan ${options[@]+"${options[@]}"} --commands)
folder="runs/slurm-study-$(date +%Y%m%d-%H%M%S)"
all="$("${plan[@]}")"
mkdir -p "$folder"
files=()
for level in $(seq "$(grep -c '^# level' <<<"$all")"); do
    files+=("$folder/level-$level.txt")
    "${plan[@]}" --level "$level" >"$folder/level-$level.txt"
done
"$here/submit.sh" ${limit[@]+"${limit[@]}"} "${files[@]}"
