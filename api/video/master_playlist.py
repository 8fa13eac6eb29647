"""The multivariant playlist: renditions, languages and captions that a player chooses between. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from api.video.media_playlists import VERSION
from api.video.published import Published, Track
from api.video.timeline import (
    NO_BANDWIDTH,
    Bandwidth,
    keyframes_bandwidth,
    segments_bandwidth,
    segments_of,
    target_duration,
)

MID_NETWORK = 2_500_000  # bits a second that a phone on the way usually gets
_AUDIO, _SUBTITLES = "audio", "subtitles"


@dataclass(frozen=True, slots=True)
class Rendition:
    """A video track, or a sound alone, and what it takes to play it."""

    track: Track
    bandwidth: Bandwidth
    keyframes: Bandwidth = NO_BANDWIDTH


def master_playlist(published: Published, base: str = "") -> str:
    """All that can be played now; `base` stands before the name of each playlist."""
    sounds = playable(published.of_kind("audio"))
    captions = playable(published.of_kind("subtitles"))
    pictures = [_rendition(track) for track in listed(published.of_kind("video"))]
    loudest = max((_rendition(track).bandwidth for track in sounds), key=lambda each: each.peak, default=NO_BANDWIDTH)
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    groups = ""
    if sounds and (pictures or len(sounds) > 1):
        lines += _media(sounds, "AUDIO", _AUDIO, base, needs_default=True)
        groups += f',AUDIO="{_AUDIO}"'
    if captions and pictures:
        lines += _media(captions, "SUBTITLES", _SUBTITLES, base, needs_default=False)
        groups += f',SUBTITLES="{_SUBTITLES}"'
    if not pictures:
        return "\n".join([*lines, *_sound_alone(sounds[:1], loudest, groups, base), ""])
    codecs = list(dict.fromkeys(str(track.properties["codec"]) for track in sounds))
    for picture in _in_order(pictures, loudest):
        lines += _variant(picture, loudest, codecs, groups, base)
    lines += [_keyframe_stream(picture, base) for picture in pictures]
    return "\n".join([*lines, ""])


def playable(tracks: Sequence[Track]) -> list[Track]:
    return [track for track in tracks if track.chunks]


def listed(tracks: Sequence[Track]) -> list[Track]:
    """The renditions that a player may choose.

    Those that are complete; before any is, those that have come as far as the lowest one. A player that switches to a
    rendition which ends earlier than what it plays would stall, and no player reads this playlist twice.
    """
    there = playable(tracks)
    complete = [track for track in there if track.is_complete]
    return complete or [track for track in there if track.seconds >= there[0].seconds]


def _rendition(track: Track) -> Rendition:
    segments = segments_of(track)
    keyframes = keyframes_bandwidth(track) if track.kind == "video" else NO_BANDWIDTH
    return Rendition(track, segments_bandwidth(segments, target_duration(track, segments)), keyframes)


def _in_order(pictures: Sequence[Rendition], sound: Bandwidth) -> list[Rendition]:
    """From the lowest up, but for the first, which players begin with: the best one for a network of middling speed."""
    rising = sorted(pictures, key=lambda each: each.bandwidth.peak)
    fitting = [each for each in rising if (each.bandwidth + sound).peak <= MID_NETWORK]
    first = fitting[-1] if fitting else rising[0]
    return [first, *(each for each in rising if each is not first)]


def _variant(picture: Rendition, sound: Bandwidth, codecs: Sequence[str], groups: str, base: str) -> list[str]:
    properties = picture.track.properties
    rate = properties["rate"]
    both = picture.bandwidth + sound
    frames = rate["numerator"] / rate["denominator"]
    attributes = (
        f"BANDWIDTH={both.peak},AVERAGE-BANDWIDTH={both.average}"
        f',CODECS="{",".join([properties["codec"], *codecs])}"'
        f",RESOLUTION={properties['width']}x{properties['height']},FRAME-RATE={frames:.3f},VIDEO-RANGE=SDR"
        f"{groups},CLOSED-CAPTIONS=NONE"
    )
    return [f"#EXT-X-STREAM-INF:{attributes}", f"{base}{picture.track.name}.m3u8"]


def _keyframe_stream(picture: Rendition, base: str) -> str:
    properties = picture.track.properties
    return (
        f"#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH={picture.keyframes.peak},AVERAGE-BANDWIDTH={picture.keyframes.average}"
        f',CODECS="{properties["codec"]}",RESOLUTION={properties["width"]}x{properties["height"]},VIDEO-RANGE=SDR'
        f',URI="{base}{picture.track.name}.iframes.m3u8"'
    )


def _sound_alone(sounds: Sequence[Track], bandwidth: Bandwidth, groups: str, base: str) -> Iterator[str]:
    for track in sounds:
        yield (
            f"#EXT-X-STREAM-INF:BANDWIDTH={bandwidth.peak},AVERAGE-BANDWIDTH={bandwidth.average}"
            f',CODECS="{track.properties["codec"]}"{groups}'
        )
        yield f"{base}{track.name}.m3u8"


def _media(tracks: Sequence[Track], kind: str, group: str, base: str, *, needs_default: bool) -> Iterator[str]:
    """Names are one of a kind in a group, at most one is the default, and of one language one is chosen by itself."""
    chosen = next((track for track in tracks if track.properties.get("is_default")), None)
    if chosen is None and needs_default:
        chosen = tracks[0]
    names: set[str] = set()
    automatic: set[tuple[str, bool]] = set()
    for track in sorted(tracks, key=lambda each: each is not chosen):
        properties = track.properties
        language, is_forced = _quotable(properties.get("language") or "und"), bool(properties.get("is_forced"))
        is_automatic = (language, is_forced) not in automatic
        automatic.add((language, is_forced))
        attributes = [f'TYPE={kind},GROUP-ID="{group}",NAME="{_name(track, language, names)}"']
        attributes += [f'LANGUAGE="{language}"'] if language != "und" else []
        attributes += [f"DEFAULT={_yes(track is chosen)}", f"AUTOSELECT={_yes(is_automatic)}"]
        attributes += [f"FORCED={_yes(is_forced)}"] if kind == "SUBTITLES" else []
        attributes += [f'CHANNELS="{properties.get("channels", 2)}"'] if kind == "AUDIO" else []
        yield f'#EXT-X-MEDIA:{",".join(attributes)},URI="{base}{track.name}.m3u8"'


def _name(track: Track, language: str, taken: set[str]) -> str:
    wanted = _quotable(track.properties.get("title") or "") or (language if language != "und" else track.name)
    name = wanted if wanted not in taken else f"{wanted} ({track.name})"
    taken.add(name)
    return name


def _quotable(text: str) -> str:
    """What may stand between quotes: no quote, nothing that ends the line, and no place to put something else into."""
    return "".join(each for each in text.replace('"', "'") if each.isprintable() and each not in "{}").strip()


def _yes(value: bool) -> str:
    return "YES" if value else "NO"
