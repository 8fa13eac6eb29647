#!/bin/sh
# Makes the namespace and the search attributes by which executions are found in the web UI. Safe to repeat.
# Reads TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, as the CLI itself does.
set -eu

attempt() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        if [ "$tries" -ge 30 ]; then
            echo "gave up after $tries tries: $*" >&2
            exit 1
        fi
        sleep 2
    done
}

attempt temporal operator cluster health
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
    attempt temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 7d
# One at a time: given several names, the CLI says that all were added and adds the first. The server also takes some
# seconds to learn of a namespace that is new.
for name in ZillianceOwner ZillianceKind ZillianceDefinition; do
    attempt temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --type Keyword --name "$name"
done
