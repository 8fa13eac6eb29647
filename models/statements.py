"""Migrations as plain SQL: a script of many statements, which Alembic's operations run one by one."""

from alembic import op


def run_statements(script: str) -> None:
    """Run each statement of a script. They are told apart by a blank line after the semicolon."""
    for statement in script.split(";\n\n"):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement)
