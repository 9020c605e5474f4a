#!/usr/bin/env bash
# The main job on what ships with the repository: samples the embedded model on its test problems, grades, and writes
# pass@1..pass@256 by difficulty bucket to runs/quickstart. Options are passed on, such as --k 64 for a shorter run.
set -euo pipefail
root="$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")"
source "$root/scripts/require-dotnet.sh"

echo "building (the first time downloads packages)" >&2
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
if ! dotnet build "$root/src/LlmReasoning.Cli" -c Release -v quiet >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
"$root/scripts/llm-reasoning" eval passk --config "$root/configs/quickstart/base.yaml" --output "$root/runs/quickstart" "$@"
