"""The house rules that a linter cannot say."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from models import registry
from workflows import names
from workflows.language.catalogue import rows
from zilliance.devstack.parts import temporal

ROOT = Path(__file__).parents[2]
PACKAGES = ("zilliance", "models", "workflows", "activities", "api", "worker")
LONGEST_FILE = 400
LONGEST_FUNCTION = 60


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT), ast.parse(path.read_text())


@pytest.mark.parametrize("package", PACKAGES)
def test_no_other_distribution_provides_our_root_names(package: str) -> None:
    assert set(packages_distributions().get(package, [])) <= {"zilliance"}


def test_every_file_says_what_it_is() -> None:
    silent = [str(path) for path, tree in sources() if tree.body and ast.get_docstring(tree) is None]
    assert silent == []


def test_files_and_functions_stay_readable() -> None:
    files = [*(ROOT / path for path, _ in sources()), *sorted((ROOT / "models/sql").rglob("*.sql"))]
    long_files = [str(path) for path in files if len(path.read_text().splitlines()) > LONGEST_FILE]
    long_functions = [
        f"{path}:{node.name}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno >= LONGEST_FUNCTION
    ]
    assert (long_files, long_functions) == ([], [])


def test_nothing_is_imported_inside_a_function() -> None:
    hidden = [
        f"{path}:{inner.lineno}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def test_transactions_end_in_one_place() -> None:
    """One request is one transaction: only the door to the database, and the migration, may end one."""
    allowed = {"zilliance/database.py", "models/migrate.py", "models/migrations/env.py"}
    enders = [
        f"{path}:{node.lineno}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"commit", "rollback"}
        and str(path) not in allowed
    ]
    assert enders == []


def test_the_environment_is_read_in_settings_alone() -> None:
    allowed = ("zilliance/settings.py", "zilliance/devstack/", "zilliance/__main__.py")
    readers = [
        f"{path}:{node.lineno}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"} and not str(path).startswith(allowed)
    ]
    assert readers == []


def test_workflow_packages_are_empty() -> None:
    """Temporal's sandbox runs them again for every execution."""
    assert (ROOT / "workflows" / "__init__.py").read_text() == ""


def test_the_tests_are_a_package() -> None:
    """Without this, `tests/workflows` would be imported as `workflows`."""
    assert "tests" in sys.modules or (ROOT / "tests" / "__init__.py").exists()


def test_the_language_knows_every_table() -> None:
    """It is pure, and so cannot ask the registry."""
    assert set(rows.TABLES) == set(registry.TABLES)


def test_temporal_is_told_the_search_attributes_that_workflows_have() -> None:
    ours = {names.OWNER.name, names.KIND.name, names.DEFINITION.name}
    job = (ROOT / "deploy" / "temporal" / "namespace.sh").read_text()
    assert ours == set(temporal.SEARCH_ATTRIBUTES)
    assert ours == set(re.findall(r"Zilliance[A-Z]\w+", job))


def test_migrations_are_one_line_in_the_order_of_their_numbers() -> None:
    revisions = list(ScriptDirectory(str(ROOT / "models" / "migrations")).walk_revisions())
    names = [revision.revision for revision in reversed(revisions)]
    assert names == sorted(names)
    assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]


def test_each_decision_has_a_number_of_its_own() -> None:
    numbers = sorted(path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
