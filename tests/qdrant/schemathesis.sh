#!/bin/sh
# Fuzzes the HTTP API by its own OpenAPI document, with schemathesis.
#
#   tests/qdrant/schemathesis.sh URL [SECONDS [OPTIONS OF SCHEMATHESIS…]]
#
# Fails on a 5xx, on a request that has no answer within TIMEOUT seconds, and on an answer that does not fit the document:
# its status, its kind, its headers or its shape. SECONDS are for all of it, 90 when nothing is said. A key goes into API_KEY.
# It makes, changes and deletes collections of any name: do not point it at a node whose data matters. To try it:
#
#   cargo run -p rose-forest-http --example memory -- --listen 127.0.0.1:6333 --snapshots FOLDER
#   tests/qdrant/schemathesis.sh http://127.0.0.1:6333
#
# The tool is installed once, from PyPI, into ${ROSE_FOREST_VENVS:-~/.cache/rose-forest/venvs}/schemathesis.
set -eu

if [ $# -lt 1 ]; then
    sed -n '2,13s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
url=${1%/}
seconds=${2:-90}
[ $# -gt 1 ] && shift 2 || shift 1
TIMEOUT=${TIMEOUT:-10}

here=$(cd "$(dirname "$0")" && pwd)
wanted="$here/requirements-schemathesis.txt"
venvs="${ROSE_FOREST_VENVS:-$HOME/.cache/rose-forest/venvs}"
venv="$venvs/schemathesis"
mkdir -p "$venvs"
# One run installs, others wait for it.
exec 9>"$venv.lock"
if command -v flock >/dev/null; then flock 9; fi
if ! cmp -s "$wanted" "$venv/installed.txt"; then
    echo "installing schemathesis into $venv"
    rm -rf "$venv"
    if ! { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet --requirement "$wanted"; }; then
        echo "cannot install schemathesis from PyPI: is there a network?" >&2
        exit 3
    fi
    cp "$wanted" "$venv/installed.txt"
fi
exec 9>&-

# Which data a schema allows is not all that a collection takes (a vector has its dimension), so that a 400 for data that fit
# the document is no failure, and neither is a 200 for data that do not: fields that are not known are passed over.
checks=not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance
checks=$checks,response_schema_conformance,unsupported_method,ignored_auth

# What follows a collection has no end, which would be no answer in time: crates/http/tests/api/events.rs looks at it.
endless=events

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export FUZZED_URL="$url" SCHEMATHESIS_HOOKS=schemathesis_hooks PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1
"$venv/bin/schemathesis" run "$url/openapi.json" --url "$url" --phases coverage,fuzzing,stateful --checks "$checks" --exclude-operation-id "$endless" \
    --request-timeout "$TIMEOUT" --max-time "$seconds" --continue-on-failure --warnings off \
    ${API_KEY:+--header "api-key: $API_KEY"} "$@"
