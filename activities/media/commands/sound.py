"""The commands on sound: how loud it is, and one whole AAC track of it, written while it can already be cut."""

from activities.media.commands.command import Command, finish, open_source
from activities.media.commands.graph import Option, Picture, joined, write
from activities.media.commands.pictures import FRAGMENTED, OFFSET_SECONDS, TIMING
from activities.media.tools import Source

RATE = 48_000
BITRATE = "128k"
FRAGMENT_MICROSECONDS = 2_000_000
TRUE_PEAK = 0.841  # -1.5 dB: what the encoder adds stays below full scale
_WHOLE_UP_TO = 300.0  # seconds of sound that are listened to wholly
WINDOWS, WINDOW_SECONDS = 6, 15  # each opens the source anew, which takes a while for a long one


def loudness_command(program: str, source: Source, index: int, *, first_only: bool = False) -> Command:
    """Measures as EBU R 128 says: all of a short source, samples from all over a long one. The result is in stderr.

    With `first_only` its first channel is all that is taken.
    """
    if source.duration <= _WHOLE_UP_TO:
        heard, inputs = _stereo(open_source(source)[str(index)], first_only=first_only), 1
    else:
        heard, inputs = (
            joined(
                [_window(source, index, number, first_only=first_only) for number in range(WINDOWS)],
                "concat",
                **_SPLICED,
            ),
            WINDOWS,
        )
    measured = heard.filter("ebur128", peak="true", framelog="quiet")
    return finish(program, source, [write([measured], "-", {"f": "null"})], inputs=inputs, verbosity="info")


_SPLICED: dict[str, Option] = {"n": WINDOWS, "v": 0, "a": 1}


def _window(source: Source, index: int, number: int, *, first_only: bool) -> Picture:
    start = source.duration * (number + 0.5) / WINDOWS - WINDOW_SECONDS / 2
    options: dict[str, Option] = {"ss": f"{start:.3f}", "t": WINDOW_SECONDS}
    sound = open_source(source, options, number=number)[str(index)]
    return _stereo(sound, first_only=first_only).filter("asetpts", "N/SR/TB")


def sound_command(
    program: str, source: Source, index: int, gain: float, name: str, *, first_only: bool = False
) -> Command:
    """One stream of sound, whole: no encoder begins anew between its pieces, so there is no gap between them.

    It begins at the file's zero, with silence if need be; what is missing inside is filled so that it stays in step.

    ffmpeg builds filters anew where sound changes its channels or its rate, and those would fill from zero again. So
    it is first made the same throughout, as samples that are written nowhere; they are read back, and then filtered.
    """
    samples: dict[str, Option] = {"c:a": "pcm_f32le", "output_ts_offset": OFFSET_SECONDS, "f": "null"}
    in_step = f"aresample={RATE}:async=1000:first_pts=0"
    loud = f"[dec:0]{in_step},volume={gain:.2f}dB,alimiter=limit={TRUE_PEAK}:level=false[loud]"
    encoded: dict[str, Option] = {
        "map": "[loud]",
        "c:a": "aac",
        "b:a": BITRATE,
        "ar": RATE,
        "ac": 2,
        "map_metadata": -1,
        "map_chapters": -1,
        "movflags": FRAGMENTED,
        "frag_duration": FRAGMENT_MICROSECONDS,
        "min_frag_duration": FRAGMENT_MICROSECONDS * 95 // 100,
        "flush_packets": 1,
        "f": "mp4",
        **TIMING,
    }
    options = [text for key, value in encoded.items() for text in (f"-{key}", str(value))]
    read_back = ("-filter_complex", loud, *options, name, "-dec", "0:0")
    plain = _stereo(open_source(source)[str(index)], first_only=first_only)
    return finish(program, source, [write([plain], "-", samples)], more=read_back)


def _stereo(sound: Picture, *, first_only: bool) -> Picture:
    """Two channels first: what more channels add up to is what is measured, made louder, and limited."""
    if first_only:
        sound = sound.filter("pan", "mono|c0<c0")
    return sound.filter("aresample", RATE, out_chlayout="stereo")
