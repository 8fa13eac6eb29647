"""The child's one errand: an order comes in, facts or a refusal go out."""

import json
import sys
from dataclasses import asdict

import av.logging
import av.sidedata.sidedata
import av.subtitles.codeccontext
import av.subtitles.stream
import av.subtitles.subtitle

from activities.media.probe.confinement import give_up_rights
from activities.media.probe.facts import Answer, Order
from activities.media.probe.reading import read_facts
from activities.media.probe.source import RemoteSource, UnavailableSourceError, opened
from workflows.video.refusals import UnusableVideoError

# PyAV loads these when it first needs them, and no file can be read by then.
LOADED_EARLY = (av.subtitles.stream, av.subtitles.codeccontext, av.subtitles.subtitle, av.sidedata.sidedata)


def main() -> None:
    order = Order(**json.load(sys.stdin))
    json.dump(asdict(_answer(order)), sys.stdout)


def _answer(order: Order) -> Answer:
    try:
        source = opened(order.location)
        port = source.port if isinstance(source, RemoteSource) else None
        give_up_rights(order.user, port, cpu_seconds=order.cpu_seconds)
        av.logging.set_level(None)
        return Answer(facts=read_facts(source, order))
    except UnusableVideoError as error:
        return Answer(code=error.code, message=error.message)
    except UnavailableSourceError as error:
        return Answer(unavailable=str(error))


if __name__ == "__main__":
    main()
