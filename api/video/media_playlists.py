"""Media playlists: where the segments, keyframes and captions of one track are. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from api.video.published import Chunk, Track
from api.video.timeline import Segment, keyframes_of, segments_of, target_duration

VERSION = 7  # fragmented MP4 with EXT-X-MAP
ChunkUrl = Callable[[Chunk], str]


def media_playlist(track: Track, url_of: ChunkUrl) -> str:
    """The segments of a video or audio track, as many as there are by now."""
    segments = segments_of(track)
    head = _head(target_duration(track, segments), is_complete=track.is_complete)
    return _document(head, _entries(segments, url_of), is_complete=track.is_complete)


def iframe_playlist(track: Track, url_of: ChunkUrl) -> str:
    """The keyframes of a video track: what is shown while somebody winds."""
    keyframes = keyframes_of(track)
    longest = max([1, *(int(keyframe.seconds + 0.5) for keyframe in keyframes)])
    head = [*_head(longest, is_complete=track.is_complete), "#EXT-X-I-FRAMES-ONLY"]
    return _document(head, _entries(keyframes, url_of), is_complete=track.is_complete)


def subtitles_playlist(duration: float, url: str) -> str:
    """One segment with all cues: the file is there as a whole or not at all."""
    seconds = max(duration, 1.0)
    head = _head(int(seconds + 0.5), is_complete=True)
    return _document(head, [f"#EXTINF:{seconds:.5f},", url], is_complete=True)


def _head(target: int, *, is_complete: bool) -> list[str]:
    # A playlist that grows would else pass for a live one, which is joined at its end.
    kind = ["#EXT-X-PLAYLIST-TYPE:VOD"] if is_complete else ["#EXT-X-PLAYLIST-TYPE:EVENT", _FROM_THE_START]
    return ["#EXTM3U", f"#EXT-X-VERSION:{VERSION}", f"#EXT-X-TARGETDURATION:{target}", "#EXT-X-MEDIA-SEQUENCE:0",
            *kind, "#EXT-X-INDEPENDENT-SEGMENTS"]  # fmt: skip


_FROM_THE_START = "#EXT-X-START:TIME-OFFSET=0,PRECISE=YES"


def _document(head: Sequence[str], entries: Iterable[str], *, is_complete: bool) -> str:
    end = ["#EXT-X-ENDLIST"] if is_complete else []
    return "\n".join([*head, *entries, *end, ""])


def _entries(segments: Iterable[Segment], url_of: ChunkUrl) -> Iterator[str]:
    """All chunks of a track begin with the same bytes; where one does not, it is a discontinuity with its own."""
    init = url = ""
    chunk: Chunk | None = None
    for each, offset, size, seconds in segments:
        if each is not chunk:
            is_first, chunk, url = chunk is None, each, url_of(each)
            if is_first or each.init_sha256 != init:
                init = each.init_sha256
                if not is_first:
                    yield "#EXT-X-DISCONTINUITY"
                yield f'#EXT-X-MAP:URI="{url}",BYTERANGE="{each.init_size}@0"'
        yield f"#EXTINF:{seconds:.5f},\n#EXT-X-BYTERANGE:{size}@{offset}\n{url}"
