"""What RFC 8216 and Apple's authoring rules ask of playlists, as sentences about what is wrong with one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import m3u8

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",]+)(?:,|$)')
_MASTER_TAGS = {
    "#EXTM3U", "#EXT-X-VERSION", "#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-MEDIA", "#EXT-X-STREAM-INF",
    "#EXT-X-I-FRAME-STREAM-INF",
}  # fmt: skip
_MEDIA_TAGS = {
    "#EXTM3U", "#EXT-X-VERSION", "#EXT-X-TARGETDURATION", "#EXT-X-MEDIA-SEQUENCE", "#EXT-X-PLAYLIST-TYPE",
    "#EXT-X-START", "#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-I-FRAMES-ONLY", "#EXT-X-MAP", "#EXTINF",
    "#EXT-X-BYTERANGE", "#EXT-X-DISCONTINUITY", "#EXT-X-ENDLIST",
}  # fmt: skip
_CODEC = re.compile(r"(avc1\.[0-9a-f]{6}|mp4a\.40\.[0-9]+)")


@dataclass(frozen=True)
class Entry:
    """One segment as its lines say it."""

    seconds: float
    span: tuple[int, int] | None
    url: str
    map: str | None
    is_discontinuous: bool


def attributes_of(line: str) -> dict[str, str]:
    """The attributes of a tag, without quotes."""
    text = line.partition(":")[2]
    found = {match[1]: match[2].strip('"') for match in _ATTRIBUTE.finditer(text)}
    consumed = ",".join(match[0].rstrip(",") for match in _ATTRIBUTE.finditer(text))
    assert consumed == text, f"not a list of attributes: {text}"
    return found


def entries_of(text: str) -> list[Entry]:
    """The segments of a media playlist."""
    entries: list[Entry] = []
    seconds, span, current, is_discontinuous = 0.0, None, None, False
    for line in text.splitlines():
        if line.startswith("#EXTINF:"):
            seconds = float(line[8:].rstrip(","))
        elif line.startswith("#EXT-X-BYTERANGE:"):
            size, _, offset = line.partition(":")[2].partition("@")
            span = (int(offset), int(offset) + int(size) - 1)
        elif line.startswith("#EXT-X-MAP:"):
            current = line
        elif line == "#EXT-X-DISCONTINUITY":
            is_discontinuous = True
        elif line and not line.startswith("#"):
            entries.append(Entry(seconds, span, line, current, is_discontinuous))
            span, is_discontinuous = None, False
    return entries


def faults_of_media(text: str) -> list[str]:
    return list(_media_faults(text))


def faults_of_master(text: str) -> list[str]:
    return list(_master_faults(text))


def _frame_faults(text: str, tags: set[str]) -> Iterator[str]:
    lines = text.splitlines()
    if lines[0] != "#EXTM3U":
        yield "does not begin with EXTM3U"
    if not text.endswith("\n") or "\r" in text or "\n\n" in text:
        yield "lines do not end as they should"
    for line in lines:
        if line.startswith("#") and line.partition(":")[0] not in tags:
            yield f"a tag that does not belong here: {line[:40]}"
    once = ("#EXTM3U", "#EXT-X-VERSION", "#EXT-X-TARGETDURATION", "#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-ENDLIST")
    for tag in once:
        if sum(line.partition(":")[0] == tag for line in lines) > 1:
            yield f"{tag} twice"
    if "#EXT-X-VERSION:7" not in lines:
        yield "no version 7, which EXT-X-MAP of fragmented MP4 needs"
    if "#EXT-X-INDEPENDENT-SEGMENTS" not in lines:
        yield "does not say that segments are independent"


def _media_faults(text: str) -> Iterator[str]:
    yield from _frame_faults(text, _MEDIA_TAGS)
    parsed, lines, entries = m3u8.loads(text), text.splitlines(), entries_of(text)
    if len(parsed.segments) != len(entries):
        yield "another parser counts other segments"
    if not parsed.target_duration or parsed.target_duration != int(parsed.target_duration):
        yield "no whole target duration"
        return
    is_vod = "#EXT-X-PLAYLIST-TYPE:VOD" in lines
    if is_vod != ("#EXT-X-ENDLIST" in lines):
        yield "VOD is what has an end, and EVENT what has none yet"
    if is_vod == ("#EXT-X-START:TIME-OFFSET=0,PRECISE=YES" in lines):
        yield "a playlist that grows begins at its start by saying so"
    if not is_vod and "#EXT-X-PLAYLIST-TYPE:EVENT" not in lines:
        yield "no type"
    yield from _segment_faults(entries, int(parsed.target_duration))


def _segment_faults(entries: list[Entry], target: int) -> Iterator[str]:
    ends: dict[str, int] = {}
    before: Entry | None = None
    for entry in entries:
        if entry.seconds <= 0 or int(entry.seconds + 0.5) > target:
            yield f"a segment of {entry.seconds} s beside a target of {target}"
        if entry.url.endswith(".vtt"):
            continue
        if entry.map is None or "BYTERANGE" not in entry.map:
            yield "a segment before its EXT-X-MAP"
        if before is not None and before.map != entry.map and not entry.is_discontinuous:
            yield "another EXT-X-MAP without a discontinuity"
        if entry.span is None:
            yield "a segment without its bytes"
        elif entry.span[0] < ends.get(entry.url, 0):
            yield "segments overlap"
        else:
            ends[entry.url] = entry.span[1] + 1
        before = entry


def _master_faults(text: str) -> Iterator[str]:
    yield from _frame_faults(text, _MASTER_TAGS)
    parsed, lines = m3u8.loads(text), text.splitlines()
    variants = [attributes_of(line) for line in lines if line.startswith("#EXT-X-STREAM-INF:")]
    media = [attributes_of(line) for line in lines if line.startswith("#EXT-X-MEDIA:")]
    keyframes = [attributes_of(line) for line in lines if line.startswith("#EXT-X-I-FRAME-STREAM-INF:")]
    if not variants or len(parsed.playlists) != len(variants):
        yield "no variants, or another parser counts others"
    groups = {kind: {each["GROUP-ID"] for each in media if each["TYPE"] == kind} for kind in ("AUDIO", "SUBTITLES")}
    for variant in variants:
        yield from _variant_faults(variant)
        for kind, ids in groups.items():
            if ids != ({variant[kind]} if kind in variant else set()):
                yield f"not every variant has the {kind} group"
    shown = [each for each in variants if "RESOLUTION" in each]
    if {each["RESOLUTION"] for each in shown} != {each.get("RESOLUTION") for each in keyframes}:
        yield "not every rendition has an I-frame playlist"
    for each in keyframes:
        if "URI" not in each or "BANDWIDTH" not in each or "FRAME-RATE" in each:
            yield "an I-frame stream says too little or too much"
    yield from _rendition_faults(media)


def _variant_faults(variant: dict[str, str]) -> Iterator[str]:
    if not 0 < int(variant.get("AVERAGE-BANDWIDTH", 0)) <= int(variant.get("BANDWIDTH", 0)):
        yield "BANDWIDTH is below AVERAGE-BANDWIDTH, or one is missing"
    codecs = variant.get("CODECS", "").split(",")
    if not all(_CODEC.fullmatch(codec) for codec in codecs):
        yield f"CODECS are {codecs}"
    if codecs[0].startswith("avc1"):
        for name in ("RESOLUTION", "FRAME-RATE", "VIDEO-RANGE", "CLOSED-CAPTIONS"):
            if name not in variant:
                yield f"a variant without {name}"
        if not re.fullmatch(r"[0-9]+\.[0-9]{3}", variant.get("FRAME-RATE", "")):
            yield "FRAME-RATE is not rounded to three places"
    elif "RESOLUTION" in variant or "FRAME-RATE" in variant:
        yield "sound has no pictures"


def _rendition_faults(media: list[dict[str, str]]) -> Iterator[str]:
    seen: set[tuple[str, str]] = set()
    automatic: set[tuple[str, ...]] = set()
    for each in media:
        if (each["TYPE"], each["NAME"]) in seen:
            yield "two of a name in one group"
        seen.add((each["TYPE"], each["NAME"]))
        if each["DEFAULT"] == "YES" and each["AUTOSELECT"] != "YES":
            yield "a default that is not selected by itself"
        if each["AUTOSELECT"] == "YES":
            key = (each["TYPE"], each.get("LANGUAGE", ""), each.get("FORCED", ""))
            if key in automatic:
                yield "two of a language are selected by themselves"
            automatic.add(key)
        if each["TYPE"] == "AUDIO" and "CHANNELS" not in each:
            yield "sound without CHANNELS"
        if "URI" not in each:
            yield "a rendition without URI"
    for kind in {each["TYPE"] for each in media}:
        if sum(each["DEFAULT"] == "YES" for each in media if each["TYPE"] == kind) > 1:
            yield "two defaults in one group"
