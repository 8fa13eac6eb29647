"""Protocol buffer files of users, compiled when they are called: by protoc, as a limited process of its own."""

import hashlib
import sys
from collections import OrderedDict
from collections.abc import Iterator
from importlib.resources import files

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError

from activities.faults import fault
from workflows.language.issues import suggestion
from workflows.language.problems import Kind
from zilliance.processes import Processes, ProcessFailedError, ProcessLimits, Program

KEPT = 64
COMPILE_SECONDS = 20.0
MOST_BYTES = 512 * 1024
_FILE = "service.proto"


class Protos:
    """Compiled files, kept by their text."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    async def compile(self, text: bytes) -> DescriptorPool:
        """The types of a file and of the standard ones that it imports. Raises a fault with protoc's own words."""
        name = hashlib.sha256(text).hexdigest()
        if name not in self._kept:
            self._kept[name] = await self._run(text)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(name)
        pool = DescriptorPool()
        try:
            for file in FileDescriptorSet.FromString(self._kept[name]).file:
                pool.Add(file)  # pyright: ignore[reportUnknownMemberType]
        except (DecodeError, TypeError) as error:
            raise fault(Kind.CONFIGURATION, f"the proto cannot be used: {error}") from error
        return pool

    async def _run(self, text: bytes) -> bytes:
        standard = str(files("grpc_tools") / "_proto")
        options = [
            "--proto_path=.",
            f"--proto_path={standard}",
            "--include_imports",
            "--descriptor_set_out=/dev/stdout",
        ]
        program = Program(
            arguments=[sys.executable, "-I", "-m", "grpc_tools.protoc", *options, _FILE],
            files={_FILE: text},
            wanted=frozenset({"stdout"}),
            trusted=True,
        )
        limits = ProcessLimits(seconds=COMPILE_SECONDS, cpu_seconds=10, output_bytes=MOST_BYTES, processes=4)
        try:
            ended = await self._processes.run(program, limits)
        except ProcessFailedError as error:
            raise fault(Kind.CONFIGURATION, f"the proto could not be compiled: {error.message}") from error
        if ended.code != 0:
            said = ended.stderr.decode(errors="replace").strip()
            raise fault(Kind.CONFIGURATION, f"the proto is not valid: {said}")
        return ended.stdout


def find_method(pool: DescriptorPool, service: str, method: str) -> MethodDescriptor:
    """A method by the name of its service, with or without its package. Raises a fault that names what there is."""
    services = list(_services(pool))
    found = next((each for each in services if service in (each.full_name, each.name)), None)
    if found is None:
        known = [each.full_name for each in services]
        raise fault(Kind.CONFIGURATION, f"the proto has no service {service!r:.80}{_hint(service, known)}")
    descriptor = found.methods_by_name.get(method)
    if descriptor is None:
        hint = _hint(method, list(found.methods_by_name))
        raise fault(Kind.CONFIGURATION, f"the service {found.full_name} has no method {method!r:.80}{hint}")
    return descriptor


def _services(pool: DescriptorPool) -> Iterator[ServiceDescriptor]:
    yield from pool.FindFileByName(_FILE).services_by_name.values()


def _hint(name: str, known: list[str]) -> str:
    near = suggestion(name, known)
    return f": did you mean {near!r}?" if near else f": it has {', '.join(sorted(known)) or 'none'}"
