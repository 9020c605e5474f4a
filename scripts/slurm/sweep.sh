#!/usr/bin/env bash
# scripts/sweep.sh as Slurm job arrays: training, the evaluation of each model as soon as it is trained, then the table of all. Takes the same options, and --at-once N.
set -euo pipefail
here="$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
output="runs/sweep"
options=()
limit=()
while (($# > 0)); do
    case "$1" in
        --at-once) limit=(--at-once "${2:-}"); shift 2; continue ;;
        --run | --stage) echo "slurm/sweep.sh: $1 belongs to scripts/sweep.sh; leave it out" >&2; exit 1 ;;
        --output) output="${2:-}" ;;
    esac
    options+=("$1")
    shift
done
mkdir -p "$output"
for stage in train eval summary; do
    "$here/../sweep.sh" ${options[@]+"${options[@]}"} --stage "$stage" >"$output/$stage.txt"
done
"$here/submit.sh" ${limit[@]+"${limit[@]}"} "$output/train.txt" --each "$output/eval.txt" "$output/summary.txt"
