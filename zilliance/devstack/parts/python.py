"""The parts that are ours, as Python modules started by name: mail catcher, model, migration, API and worker."""

import sys
from collections.abc import Mapping

from zilliance.devstack.part import Part, PartName
from zilliance.devstack.ports import LOOPBACK
from zilliance.devstack.probes import http_ok, smtp_ok
from zilliance.settings import Settings

BACK_ENDS = frozenset({PartName.MIGRATE, PartName.TEMPORAL, PartName.S3})


def mail(ports: Mapping[str, int], folder: str, environment: Mapping[str, str]) -> Part:
    smtp, page = ports["mail"], ports["mail_ui"]

    async def check() -> None:
        await smtp_ok(smtp)
        await http_ok(page, "/messages")

    module = "zilliance.devstack.mail_catcher"
    return Part(
        name=PartName.MAIL,
        command=(sys.executable, "-m", module, folder, str(smtp), str(page)),
        environment=environment,
        where=f"smtp://{LOOPBACK}:{smtp}   UI http://{LOOPBACK}:{page}",
        check=check,
    )


def ai(port: int, environment: Mapping[str, str]) -> Part:
    """The stand-in for a provider of language models. It is for those who have none, so it gets nobody's keys."""

    async def check() -> None:
        await http_ok(port, "/v1/models")

    return Part(
        name=PartName.AI,
        command=(sys.executable, "-m", "zilliance.devstack.ai_stand_in", str(port)),
        environment={name: value for name, value in environment.items() if not name.startswith("ZILLIANCE_")},
        where=f"http://{LOOPBACK}:{port}/v1   a stand-in: set AI_API_KEY to be answered by a model",
        check=check,
    )


def migrate(environment: Mapping[str, str]) -> Part:
    return Part(
        name=PartName.MIGRATE,
        command=(sys.executable, "-m", "models.migrate"),
        environment=environment,
        needs=frozenset({PartName.POSTGRES}),
        runs_once=True,
    )


def api(settings: Settings, environment: Mapping[str, str]) -> Part:
    host = LOOPBACK if settings.host in {"", "0.0.0.0"} else settings.host  # noqa: S104  compared, not bound

    async def check() -> None:
        await http_ok(settings.port, "/readyz", host=host)

    return Part(
        name=PartName.API,
        command=(sys.executable, "-m", "worker.combined" if settings.workflow.in_api else "api"),
        environment=environment,
        where=settings.api_url,
        check=check,
        needs=BACK_ENDS | {PartName.MAIL},
        grace=8.0,
    )


def worker(settings: Settings, environment: Mapping[str, str]) -> Part:
    port = settings.worker.health_port

    async def check() -> None:
        await http_ok(port, "/readyz")

    return Part(
        name=PartName.WORKER,
        command=(sys.executable, "-m", "worker"),
        environment=environment,
        check=check,
        needs=BACK_ENDS,
        grace=8.0,
    )


def media(ports: Mapping[str, int], environment: Mapping[str, str]) -> Part:
    port = ports["media_health"]

    async def check() -> None:
        await http_ok(port, "/readyz")

    return Part(
        name=PartName.MEDIA,
        command=(sys.executable, "-m", "worker.media"),
        environment={**environment, "ZILLIANCE_WORKER__HEALTH_PORT": str(port)},
        check=check,
        needs=BACK_ENDS,
        grace=8.0,
    )
