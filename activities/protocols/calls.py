"""The activities of the calls that are not plain HTTP, and of the programs that `run` tasks start."""

from temporalio import activity

from activities.calls.caller import BoundCall, Caller
from activities.faults import fault
from activities.protocols.a2a import AgentCalls
from activities.protocols.asyncapi import AsyncApiCalls
from activities.protocols.container import Containers
from activities.protocols.grpc import GrpcCalls
from activities.protocols.mcp import McpCalls
from activities.protocols.programs import Programs, limits_of, script_of, shell_of
from activities.protocols.protos import Protos
from activities.protocols.resources import fetch
from activities.protocols.values import text_of
from workflows.contracts.calls import CallInput
from workflows.language.problems import Kind
from workflows.stubs import ProgramActivities, ProtocolActivities


class OutboundProtocolActivities(ProtocolActivities):
    """Calls to hosts that authors of workflows name."""

    def __init__(self, caller: Caller, programs: Programs) -> None:
        self._caller = caller
        self._grpc = GrpcCalls(caller.outbound, Protos(programs.processes))
        self._asyncapi = AsyncApiCalls(caller.outbound)
        self._a2a = AgentCalls(caller.outbound)
        self._mcp = McpCalls(caller.outbound, programs)

    @activity.defn(name="call.grpc")
    async def grpc(self, call: CallInput) -> str:
        return await self._caller.run(call, self._grpc.perform, who="the gRPC service")

    @activity.defn(name="call.asyncapi")
    async def asyncapi(self, call: CallInput) -> str:
        return await self._caller.run(call, self._asyncapi.perform, who="the channel")

    @activity.defn(name="call.a2a")
    async def a2a(self, call: CallInput) -> str:
        return await self._caller.run(call, self._a2a.perform, who="the agent")

    @activity.defn(name="call.mcp")
    async def mcp(self, call: CallInput) -> str:
        return await self._caller.run(call, self._mcp.perform, who="the MCP server")


class LocalProgramActivities(ProgramActivities):
    """Programs on this machine, of the kinds that its operator allows."""

    def __init__(self, caller: Caller, programs: Programs) -> None:
        self._caller = caller
        self._programs = programs
        self._containers = Containers(programs)

    @activity.defn(name="call.script")
    async def script(self, call: CallInput) -> str:
        return await self._caller.run(call, self._script, who="the script")

    @activity.defn(name="call.shell")
    async def shell(self, call: CallInput) -> str:
        return await self._caller.run(call, self._shell, who="the command")

    @activity.defn(name="call.container")
    async def container(self, call: CallInput) -> str:
        return await self._caller.run(call, self._container, who="the container")

    async def _script(self, call: BoundCall) -> object:
        self._programs.require("script")
        arguments = call.arguments
        if "source" in arguments:
            try:
                code = (await fetch(call, arguments["source"], "source")).decode()
            except UnicodeDecodeError as error:
                raise fault(Kind.CONFIGURATION, "the script's source is not text in UTF-8") from error
        else:
            code = text_of(arguments.get("code"), "code")
        program = script_of(arguments, call.call.idempotency_key, code)
        return await self._programs.run(program, arguments, limits_of(call.seconds_left))

    async def _shell(self, call: BoundCall) -> object:
        self._programs.require("shell")
        program = shell_of(call.arguments, call.call.idempotency_key)
        return await self._programs.run(program, call.arguments, limits_of(call.seconds_left))

    async def _container(self, call: BoundCall) -> object:
        self._programs.require("container")
        return await self._containers.run(
            call.arguments, owner=call.call.owner_id, key=call.call.idempotency_key, timeout=call.seconds_left
        )
