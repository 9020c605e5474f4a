#!/usr/bin/env bash
# Submits files of commands as stages: a file is a job array, one line a task, and begins when all lines of the file before it have ended well.
#   scripts/slurm/submit.sh train.txt --each eval.txt summary.txt
# --each before a file: its line i waits for line i of the file before it, and for no other. --at-once N: so many tasks of a stage at a time.
# Prints the number of each job. Options of sbatch are set by its own variables (SBATCH_PARTITION, SBATCH_TIMELIMIT, SBATCH_GPUS, ...).
set -euo pipefail
array="$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/array.sbatch"
fail() { echo "submit.sh: $1" >&2; exit 1; }

before=""
before_lines=0
kind="afterok"
limit=""
(($# > 0)) || fail "name at least one file of commands"
while (($# > 0)); do
    case "$1" in
        --each) kind="aftercorr" ;;
        --at-once)
            [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || fail "--at-once needs a number"
            limit="%$2"
            shift
            ;;
        *)
            [[ -s "$1" ]] || fail "$1 does not exist or is empty; it needs one command a line"
            lines="$(awk 'END { print NR }' "$1")"
            if [[ "$kind" == aftercorr ]] && ((lines != before_lines)); then fail "--each $1: it has $lines lines, the file before it $before_lines"; fi
            before="$(sbatch --parsable --array="1-$lines$limit" --output="$(dirname "$1")/slurm-%A_%a.log" ${before:+--dependency=$kind:$before --kill-on-invalid-dep=yes} "$array" "$1")"
            echo "$before $1 ($lines tasks)"
            before_lines="$lines"
            kind="afterok"
            ;;
    esac
    shift
done
