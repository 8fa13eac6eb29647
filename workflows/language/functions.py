"""The default catalogue: Zilliance's own functions by name and version."""

import re
from collections.abc import Iterable, Mapping

from workflows.language.catalogue.control import CONTROL_FUNCTIONS
from workflows.language.catalogue.function import Function
from workflows.language.catalogue.gateway import GATEWAY_FUNCTIONS
from workflows.language.catalogue.models import MODEL_FUNCTIONS
from workflows.language.catalogue.objects import OBJECT_FUNCTIONS
from workflows.language.catalogue.people import PEOPLE_FUNCTIONS
from workflows.language.catalogue.rows import ROW_FUNCTIONS
from workflows.language.catalogue.tutorials import TUTORIAL_FUNCTIONS
from workflows.language.catalogue.videos import VIDEO_FUNCTIONS

CATALOGUED = re.compile(r"([a-z0-9][a-z0-9-]*):([^@]+)@([A-Za-z0-9-]+)")


class Catalogue:
    """Functions by name, each with its versions from the oldest to the latest."""

    def __init__(self, functions: Iterable[Function]) -> None:
        self._versions: dict[str, dict[str, Function]] = {}
        for function in functions:
            self._versions.setdefault(function.name, {})[function.version] = function

    @property
    def latest(self) -> dict[str, Function]:
        """The latest version of each function: what its bare name means when a document is saved."""
        return {name: list(versions.values())[-1] for name, versions in self._versions.items()}

    def find(self, call: str, pins: Mapping[str, object] | None = None) -> Function | None:
        """The function of a `call`, written as its name or as `name:version@default`.

        `pins` are the versions that bare names meant when the document was saved.
        """
        match = CATALOGUED.fullmatch(call)
        name, version, catalogue = match.groups() if match else (call, None, "default")
        versions = self._versions.get(name)
        if versions is None or catalogue != "default":
            return None
        if version is None:
            version = (pins or {}).get(name) or list(versions)[-1]
        return versions.get(str(version))


CATALOGUE = Catalogue(
    (
        *ROW_FUNCTIONS,
        *OBJECT_FUNCTIONS,
        *PEOPLE_FUNCTIONS,
        *MODEL_FUNCTIONS,
        *TUTORIAL_FUNCTIONS,
        *VIDEO_FUNCTIONS,
        *GATEWAY_FUNCTIONS,
        *CONTROL_FUNCTIONS,
    )
)

FUNCTIONS: Mapping[str, Function] = CATALOGUE.latest


def find_function(call: str, pins: Mapping[str, object] | None = None) -> Function | None:
    """The function of the default catalogue that a `call` names."""
    return CATALOGUE.find(call, pins)
