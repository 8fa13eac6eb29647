"""The migrated database is what the table classes, the policy files and the shapes say, and nothing is left open."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Table, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from models.engine import admin_engine
from models.migrate import SQL, migrate, sql_files
from models.registry import SHAPES, TABLES
from zilliance.settings import DatabaseSettings

OURS = ("auth", "private", "public", "storage")
UNBOUND_RIGHTS = ("TRUNCATE", "REFERENCES", "TRIGGER")


@pytest.fixture(scope="session")
async def schema_settings(database_settings: DatabaseSettings) -> DatabaseSettings:
    """A database that holds nothing but what the migration makes."""
    settings = database_settings.model_copy(update={"name": "schema_check"})
    await migrate(settings, lambda _: None)
    return settings


@pytest.fixture(scope="session")
async def schema(schema_settings: DatabaseSettings) -> AsyncGenerator[AsyncConnection]:
    engine = admin_engine(schema_settings).execution_options(isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()


async def names(connection: AsyncConnection, statement: str, **values: object) -> list[str]:
    return list((await connection.execute(text(statement), values)).scalars())


async def test_second_migration_does_nothing(schema_settings: DatabaseSettings) -> None:
    applied: list[str] = []
    await migrate(schema_settings, applied.append)
    assert applied == []


async def test_every_file_of_functions_policies_and_grants_can_be_applied_again(
    schema_settings: DatabaseSettings, schema: AsyncConnection
) -> None:
    await schema.execute(text("DELETE FROM private.sql_files"))
    applied: list[str] = []
    await migrate(schema_settings, applied.append)
    assert applied == [f"sql {path.relative_to(SQL).as_posix()}" for path in sql_files()]


async def test_changed_password_is_set_again(schema_settings: DatabaseSettings) -> None:
    applied: list[str] = []
    other = schema_settings.model_copy(update={"secret": type(schema_settings.secret)("another secret")})
    await migrate(other, applied.append)
    await migrate(schema_settings, applied.append)
    assert applied == [f"login {login}" for login in ("zapi", "zauth", "zservice", "zworker")] * 2


async def test_classes_equal_the_database(schema: AsyncConnection) -> None:
    """Tables, columns, types, nullability, defaults, indexes, unique constraints and foreign keys."""

    def differences(connection: Connection) -> list[Any]:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_schemas": True,
            "include_name": lambda name, kind, _: kind != "schema" or name in (None, *OURS),
            "version_table_schema": "private",
        }
        context = MigrationContext.configure(connection, opts=options)
        return compare_metadata(context, SQLModel.metadata)

    assert await schema.run_sync(differences) == []


@pytest.mark.parametrize("table", SQLModel.metadata.sorted_tables, ids=str)
async def test_checks_and_their_names_equal_the_database(table: Table, schema: AsyncConnection) -> None:
    """What Alembic does not compare."""

    def found(connection: Connection) -> tuple[set[str | None], str | None]:
        inspector = inspect(connection)
        checks = inspector.get_check_constraints(table.name, schema=table.schema)
        key = inspector.get_pk_constraint(table.name, schema=table.schema)
        return {check["name"] for check in checks}, key["name"]

    wanted = {str(each.name) for each in table.constraints if each.__visit_name__.endswith("check_constraint")}
    assert await schema.run_sync(found) == (wanted, f"{table.name}_pkey")


async def test_every_public_table_is_in_the_registry(schema: AsyncConnection) -> None:
    tables = await names(schema, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert set(tables) == set(TABLES) == set(SHAPES)


async def test_every_table_of_storage_forces_row_security(schema: AsyncConnection) -> None:
    open_tables = await names(
        schema,
        """
        SELECT relname FROM pg_class WHERE relnamespace = 'storage'::regnamespace AND relkind IN ('r', 'p')
            AND NOT (relrowsecurity AND relforcerowsecurity)
        """,
    )
    assert open_tables == []


async def test_every_public_table_forces_row_security_and_has_a_policy(schema: AsyncConnection) -> None:
    open_tables = await names(
        schema,
        """
        SELECT relname FROM pg_class AS t
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
            AND NOT (relrowsecurity AND relforcerowsecurity AND EXISTS (SELECT FROM pg_policy WHERE polrelid = t.oid))
        """,
    )
    assert open_tables == []


async def test_every_table_has_its_policy_file_and_every_file_its_table() -> None:
    tables = {"_".join(filter(None, (table.schema, table.name))) for table in SQLModel.metadata.sorted_tables}
    with_policies = {table for table in tables if not table.startswith(("auth_", "private_"))}
    assert {path.stem for path in (SQL / "policies").glob("*.sql")} == with_policies


async def test_every_policy_is_in_the_file_of_its_table(schema: AsyncConnection) -> None:
    statement = "SELECT schemaname, tablename, policyname FROM pg_policies WHERE schemaname = ANY (:schemas)"
    for namespace, table, policy in await schema.execute(text(statement), {"schemas": list(OURS)}):
        file = table if namespace == "public" else f"{namespace}_{table}"
        assert f'CREATE POLICY "{policy}" ON {namespace}.{table}' in _policies(file)


def _policies(table: str) -> str:
    return (SQL / "policies" / f"{table}.sql").read_text()


async def test_every_sql_file_is_one_that_the_migration_applies() -> None:
    once = {SQL / "bootstrap.sql"}
    assert set(SQL.rglob("*.sql")) == {*sql_files(), *once}


async def test_tables_belong_to_an_owner_whom_row_security_binds(schema: AsyncConnection) -> None:
    owners = await names(
        schema, "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = ANY (:schemas)", schemas=list(OURS)
    )
    assert owners == ["zowner"]
    bypassing = await names(schema, "SELECT rolname FROM pg_roles WHERE (rolbypassrls OR rolsuper) AND rolname ~ '^z'")
    assert bypassing == ["zplatform"]


async def test_no_function_is_everybodys(schema: AsyncConnection) -> None:
    statement = """
        SELECT f.oid::regprocedure::text FROM pg_proc AS f
        WHERE pronamespace = ANY (CAST(:schemas AS regnamespace[])) AND EXISTS (
            SELECT FROM aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) WHERE grantee = 0
        )
    """
    assert await names(schema, statement, schemas=list(OURS)) == []


async def test_functions_that_act_as_their_owner_are_pinned(schema: AsyncConnection) -> None:
    statement = """
        SELECT f.oid::regprocedure::text FROM pg_proc AS f
        WHERE pronamespace = ANY (CAST(:schemas AS regnamespace[])) AND prosecdef AND NOT (
            proconfig @> ARRAY['search_path=pg_catalog, pg_temp'] AND (
                proowner = 'zplatform'::regrole
                -- Only the owner of a table gives it partitions; he passes no row security.
                OR proowner = 'zowner'::regrole AND proname IN ('make_request_partition', 'keep_request_log')
            )
        )
    """
    assert await names(schema, statement, schemas=list(OURS)) == []


async def test_identity_functions_can_be_inlined(schema: AsyncConnection) -> None:
    statement = """
        SELECT proname FROM pg_proc JOIN pg_language AS language ON language.oid = prolang
        WHERE proname IN ('uid', 'role', 'email', 'jwt') AND pronamespace = 'auth'::regnamespace
            AND (lanname <> 'sql' OR provolatile <> 's' OR prosecdef OR proconfig IS NOT NULL)
    """
    assert await names(schema, statement) == []


async def test_references_between_owned_tables_carry_the_owner() -> None:
    """A plain foreign key accepts a row of another tenant: its check does not pass through row security."""
    plain = [
        str(constraint.name)
        for table in SQLModel.metadata.sorted_tables
        for constraint in table.foreign_key_constraints
        if "user_id" in table.columns and "user_id" in constraint.referred_table.columns
        if "user_id" not in constraint.column_keys
    ]
    assert plain == []


async def test_foreign_keys_and_policies_find_an_index() -> None:
    for table in SQLModel.metadata.sorted_tables:
        keys = [[column.name for column in table.primary_key.columns]]
        keys += [[getattr(each, "name", "") for each in index.expressions] for index in table.indexes]
        for constraint in table.foreign_key_constraints:
            columns = set(constraint.column_keys)
            assert any(set(key[: len(columns)]) == columns for key in keys), constraint.name


@pytest.mark.parametrize("role", ["anon", "authenticated", "zapi"])
async def test_requests_hold_no_right_that_row_security_does_not_bind(role: str, schema: AsyncConnection) -> None:
    statement = """
        SELECT t.oid::regclass || ' ' || privilege FROM pg_class AS t, unnest(CAST(:rights AS text[])) AS privilege
        WHERE relnamespace = ANY (CAST(:schemas AS regnamespace[])) AND relkind IN ('r', 'p', 'v', 'm')
            AND has_table_privilege(:role, t.oid, privilege)
    """
    rights = list(UNBOUND_RIGHTS)
    assert await names(schema, statement, rights=rights, schemas=list(OURS), role=role) == []


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role", "zapi", "zservice", "zauth", "zworker"])
async def test_nobody_but_the_platforms_functions_touches_what_is_private(role: str, schema: AsyncConnection) -> None:
    """Videos' runs, what was watched, ledgers and the rest are reached by functions, each of which asks whose it is."""
    statement = """
        SELECT t.oid::regclass || ' ' || privilege FROM pg_class AS t, unnest(CAST(:rights AS text[])) AS privilege
        WHERE relnamespace = 'private'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
            AND has_any_column_privilege(:role, t.oid, privilege)
    """
    assert await names(schema, statement, rights=["SELECT", "INSERT", "UPDATE", "REFERENCES"], role=role) == []


async def test_visitors_hold_rights_on_tutorials_and_files_alone(schema: AsyncConnection) -> None:
    """On files all of them, as in Supabase: policies decide."""
    statement = """
        SELECT DISTINCT table_name || ' ' || privilege_type FROM information_schema.column_privileges
        WHERE grantee IN ('anon', 'PUBLIC') AND table_schema = ANY (:schemas)
    """
    held = set(await names(schema, statement, schemas=list(OURS)))
    on_files = {f"{table} {verb}" for table in ("buckets", "objects") for verb in ("SELECT", "INSERT", "UPDATE")}
    assert held == {"tutorials SELECT", *on_files}


@pytest.mark.parametrize("table", TABLES)
async def test_shapes_equal_the_column_grants(table: str, schema: AsyncConnection) -> None:
    statement = """
        SELECT column_name FROM information_schema.column_privileges
        WHERE grantee = 'authenticated' AND table_schema = 'public' AND table_name = :table AND privilege_type = :verb
    """
    shapes = SHAPES[table]
    for verb, shape in (("SELECT", shapes.public), ("INSERT", shapes.create), ("UPDATE", shapes.update)):
        granted = set(await names(schema, statement, table=table, verb=verb))
        assert granted == set(shape.model_fields if shape else ()), verb


async def test_every_table_with_a_time_of_change_keeps_it(schema: AsyncConnection) -> None:
    stale = await names(
        schema,
        """
        SELECT attrelid::regclass::text FROM pg_attribute JOIN pg_class AS t ON t.oid = attrelid
        WHERE attname = 'updated_at' AND relkind = 'r' AND relnamespace = ANY (CAST(:schemas AS regnamespace[]))
            AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = t.oid AND tgname = 'touch_updated_at')
        """,
        schemas=list(OURS),
    )
    assert stale == []


def test_models_keep_their_annotations() -> None:
    """Postponed annotations break the mappers, and only at the first query."""
    files = Path(SQL).parent.glob("*.py")
    assert [str(path) for path in files if "from __future__ import annotations" in path.read_text()] == []
