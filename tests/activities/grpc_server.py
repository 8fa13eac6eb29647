"""A gRPC server on loopback whose messages come from a proto of the test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_tools import protoc

PROTO = """
syntax = "proto3";
package greet.v1;
import "google/protobuf/timestamp.proto";

message Request {
  string name = 1;
  int32 times = 2;
  repeated string tags = 3;
}
message Reply {
  string greeting_text = 1;
  int64 big = 2;
  google.protobuf.Timestamp at = 3;
  bool polite = 4;
}
service Greeter {
  rpc Greet (Request) returns (Reply);
  rpc Repeat (Request) returns (stream Reply);
  rpc Collect (stream Request) returns (Reply);
}
"""


class Greeter:
    """Remembers what it was asked, and refuses when it is told to."""

    def __init__(self, folder: Path) -> None:
        (folder / "greet.proto").write_text(PROTO)
        out = folder / "greet.pb"
        standard = Path(protoc.__file__).parent / "_proto"
        options = [f"-I{folder}", f"-I{standard}", "--include_imports", f"--descriptor_set_out={out}", "greet.proto"]
        assert protoc.main(["protoc", *options]) == 0
        pool = DescriptorPool()
        for file in FileDescriptorSet.FromString(out.read_bytes()).file:
            pool.Add(file)
        self.request = GetMessageClass(pool.FindMessageTypeByName("greet.v1.Request"))
        self.reply = GetMessageClass(pool.FindMessageTypeByName("greet.v1.Reply"))
        self.asked: list[Any] = []
        self.metadata: list[dict[str, str]] = []
        self.hosts: list[str] = []
        self.port = 0

    async def greet(self, request: Any, context: Any) -> Any:
        self._note(request, context)
        if request.name == "nobody":
            await context.abort(grpc.StatusCode.NOT_FOUND, "there is no nobody")
        if request.name == "late":
            await context.abort(grpc.StatusCode.UNAVAILABLE, "come back later")
        return self.reply(greeting_text=f"Hello {request.name}", big=2**53 + 1, at={"seconds": 0})

    async def repeat(self, request: Any, context: Any) -> AsyncIterator[Any]:
        self._note(request, context)
        for index in range(request.times):
            yield self.reply(greeting_text=f"{index} " + "x" * (100_000 if request.name == "long" else 0))

    def _note(self, request: Any, context: Any) -> None:
        self.asked.append(request)
        self.metadata.append(dict(context.invocation_metadata()))

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Greeter"]:
        def handler(kind: Any, behaviour: Any) -> Any:
            return kind(behaviour, self.request.FromString, lambda message: message.SerializeToString())

        server = grpc.aio.server()
        handlers = {
            "Greet": handler(grpc.unary_unary_rpc_method_handler, self.greet),
            "Repeat": handler(grpc.unary_stream_rpc_method_handler, self.repeat),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("greet.v1.Greeter", handlers),))
        self.port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            yield self
        finally:
            await server.stop(None)
