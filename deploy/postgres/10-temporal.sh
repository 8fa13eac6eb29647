#!/bin/sh
# Runs once, when the data folder is new: Temporal logs in as a user of its own, which owns its databases and no other.
set -eu
: "${TEMPORAL_DATABASE_PASSWORD:?}"

psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set ON_ERROR_STOP=1 \
    --set password="$TEMPORAL_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE temporal LOGIN CREATEDB PASSWORD :'password';
SQL
