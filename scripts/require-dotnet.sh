# Sourced by the scripts that build. Says in one line how to install the .NET SDK where it is missing or too old.
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
if ! (cd "$(dirname "${BASH_SOURCE[0]}")/.." && dotnet --version) >/dev/null 2>&1; then
    # shellcheck disable=SC2016 # the user's shell expands it
    echo 'The .NET 10 SDK is needed: curl -sSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0 && export PATH="$HOME/.dotnet:$PATH"' >&2
    exit 1
fi
