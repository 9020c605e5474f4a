#!/usr/bin/env bash
# Submits files of commands as stages: a file is a job array, one line a task, and begins when all lines of the file before it have ended well.
#   scripts/slurm/submit.sh train.txt --each eval.txt summary.txt
# --each before a file: its line i waits for line i of the file before it, and for no other. --at-once N: so many tasks of a stage at a time.
# Prints the number of each job. Options of sbatch are set by its own variables (SBATCH_PARTITION, SBATCH_TIMELIMIT, SBATCH_GPUS, ...).
set -euo pipefail
here="$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
fail() { echo "submit.sh: $1" >&2; exit 1; }

files=()
kinds=()
counts=()
last=0
kind="afterok"
limit=""
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
            if [[ "$kind" == aftercorr && "$last" != "$lines" ]]; then fail "--each $1: it has $lines lines, the file before it $last"; fi
            last="$lines"
            files+=("$1")
            kinds+=("$kind")
            counts+=("$lines")
            kind="afterok"
            ;;
    esac
    shift
done
((${#files[@]} > 0)) || fail "name at least one file of commands"

before=""
for i in "${!files[@]}"; do
    file="${files[i]}"
    before="$(sbatch --parsable --array="1-${counts[i]}$limit" --output="$(dirname "$file")/slurm-%A_%a.log" \
        ${before:+--dependency=${kinds[i]}:$before --kill-on-invalid-dep=yes} "$here/array.sbatch" "$file" "$(dirname "$here")")"
    before="${before%%;*}"                      # NUMBER;CLUSTER where there are several clusters
    echo "$before $file (${counts[i]} tasks)"
done
