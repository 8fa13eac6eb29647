"""`.env.example` names every setting with its default, and nothing else."""

import re
from pathlib import Path

from pydantic import BaseModel

from zilliance.settings import Settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"


def test_example_names_every_setting() -> None:
    written = {
        name
        for name in re.findall(r"^# ([A-Z0-9_]+)=", EXAMPLE.read_text(), re.MULTILINE)
        if name.startswith("ZILLIANCE")
    }
    assert written == set(_names())


def _names() -> list[str]:
    names: list[str] = []
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if name.startswith(("supabase_", "plain_")):
            continue
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names += [f"ZILLIANCE_{name}__{member}".upper() for member in kind.model_fields]
        else:
            names.append(f"ZILLIANCE_{name}".upper())
    return names
