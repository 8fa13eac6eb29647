#!/bin/sh
# Makes Temporal's two databases and brings them to the schema of this release of its tools. Safe to repeat.
set -eu

prepare() {
    database=$1
    versions=/etc/temporal/schema/postgresql/v12/$2/versioned
    set -- temporal-sql-tool --plugin postgres12 --ep postgres --port 5432 --user temporal --database "$database"
    "$@" create
    "$@" setup-schema --version 0.0
    "$@" update-schema --schema-dir "$versions"
}

prepare temporal temporal
prepare temporal_visibility visibility
