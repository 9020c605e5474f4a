#!/usr/bin/env bash
# The study on what ships with the repository, in short: the embedded model, a second sample of it, RLVR, and what RLVR gained and lost, into
# runs/quick. With --full all seven arms, into runs/study. Other options are passed on, such as --seeds 3. The same command again goes on.
set -euo pipefail
root="$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")"
source "$root/scripts/require-dotnet.sh"

study=quick
if [[ "${1:-}" == --full ]]; then
    study=study
    shift
fi

echo "building (the first time downloads packages)" >&2
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
if ! dotnet build "$root/src/LlmReasoning.Cli" -c Release -v quiet >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
"$root/scripts/llm-reasoning" study run --config "$root/configs/quickstart/$study.yaml" --output "$root/runs/$study" "$@"
