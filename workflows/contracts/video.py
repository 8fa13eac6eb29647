"""What is known of a video's source, how it is to be encoded, and what came of it.

Times of sources are in seconds; those of what is made are frames of the output, or ticks of a track's timescale.
"""

from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from workflows.contracts.execution import Contract


class Rate(Contract):
    """Frames a second, exactly: 30000/1001 is the 29.97 of television."""

    numerator: int
    denominator: int = 1

    @property
    def fraction(self) -> Fraction:
        return Fraction(self.numerator, self.denominator)


class PictureStream(Contract):
    """The video of a source, as the decoder of its first frame sees it.

    Attributes:
        index: among all streams of the file.
        width: of the picture as it is shown: after rotation and with square pixels. `height` likewise.
        rate: frames a second of the output grid's source; what varies has its base rate.
        rotation: degrees clockwise that the decoder turns it by itself: 0, 90, 180 or 270.
        transfer: the colour transfer's name, such as `bt709`, `smpte2084` (PQ) or `arib-std-b67` (HLG).
        start: seconds from the beginning of the file to its first frame.
        duration: seconds of its own; None where the container does not say.
        frames: that the container promises; None where it does not.
    """

    index: int
    codec: str
    width: int
    height: int
    rate: Rate
    is_variable_rate: bool = False
    rotation: int = 0
    is_interlaced: bool = False
    transfer: str = ""
    primaries: str = ""
    matrix: str = ""
    pixel_format: str = ""
    bits: int = 8
    start: float = 0.0
    duration: float | None = None
    frames: int | None = None


class SoundStream(Contract):
    """One audio stream of a source. `language` is a BCP 47 tag, `und` where nobody knows."""

    index: int
    codec: str
    channels: int
    sample_rate: int
    language: str = "und"
    title: str = ""
    is_default: bool = False
    start: float = 0.0
    duration: float | None = None


class CaptionStream(Contract):
    """One subtitle stream of a source; what is pictures and not text is left out, with a warning."""

    index: int
    codec: str
    language: str = "und"
    title: str = ""
    is_default: bool = False
    is_forced: bool = False
    is_text: bool = True


class SourceReport(Contract):
    """What the inspection found.

    Attributes:
        container: the demuxer's name, such as `mov` or `matroska`.
        duration: seconds, the longest of what is there.
        start: seconds on the file's own clock at which it begins.
        needs_remux: it cannot be sought in, and is copied into a container that can before it is cut.
        warnings: sentences for its owner, such as that pictures of subtitles are left out.
    """

    container: str
    size: int
    duration: float
    start: float = 0.0
    needs_remux: bool = False
    picture: PictureStream | None = None
    sounds: tuple[SoundStream, ...] = ()
    captions: tuple[CaptionStream, ...] = ()
    warnings: tuple[str, ...] = ()


class QualityClass(StrEnum):
    """What `videos.quality` says; the rungs of one class are encoded by one command, which decodes once."""

    SD = "sd"
    HD = "hd"
    UHD = "4k"


class Rung(Contract):
    """One rendition: its name (`360p`), its size in pixels, both even, and the bits a second it must not exceed."""

    name: str
    width: int
    height: int
    max_bitrate: int
    quality: QualityClass


class ToneMap(StrEnum):
    """From which high dynamic range a picture is brought down to standard."""

    NONE = "none"
    PQ = "pq"
    HLG = "hlg"


class VideoPlan(Contract):
    """How a source becomes HLS. All rungs share one grid of frames, so they may be switched anywhere.

    Attributes:
        rate: of the output.
        timescale: ticks a second of its video tracks; a frame is a whole number of them.
        frames: of the whole output, by what the source promises; the last chunk may turn out shorter.
        gop_frames: a fragment: about two seconds, beginning with the one keyframe in it.
        segment_fragments: fragments that one segment of the playlist is made of.
        chunk_ends: the frame after the last of each chunk, rising; the last is `frames`.
        rungs: from the lowest to the highest; none for sound alone.
        sounds: indexes of the audio streams that are kept, the default one first.
        captions: indexes of the subtitle streams that are kept.
    """

    rate: Rate = Rate(numerator=30)
    timescale: int = 30_000
    frames: int = 0
    gop_frames: int = 60
    segment_fragments: int = 3
    chunk_ends: tuple[int, ...] = ()
    rungs: tuple[Rung, ...] = ()
    sounds: tuple[int, ...] = ()
    captions: tuple[int, ...] = ()
    deinterlace: bool = False
    tone_map: ToneMap = ToneMap.NONE
    b_frames: bool = True
    preset: str = "veryfast"
    crf: int = 23

    def span(self, chunk: int) -> range:
        """The frames of one chunk."""
        return range(self.chunk_ends[chunk - 1] if chunk else 0, self.chunk_ends[chunk])

    @property
    def frame_ticks(self) -> int:
        """Ticks of one frame."""
        return self.timescale * self.rate.denominator // self.rate.numerator


class Fragment(Contract):
    """One movie fragment of a file: a closed group of pictures, or about two seconds of sound.

    Attributes:
        offset: of its first byte in the file.
        size: bytes, up to the next one.
        ticks: how long it lasts.
        first_sample_end: bytes from its offset to the end of its first sample: an I-frame playlist asks for these.
    """

    offset: int
    size: int
    ticks: int
    first_sample_end: int


class ProcessVideoInput(Contract):
    """One run of the processing of one video: the row in `private.video_runs`.

    Attributes:
        source_key: of the bytes in the S3 store; they never change.
        events_a_run: after so many events of its history it goes on in a new one; 0: when Temporal suggests it.
        progress: where an earlier history of this run has come to.
    """

    run_id: UUID
    video_id: UUID
    owner_id: UUID
    source_key: str
    source_size: int
    events_a_run: int = 0
    progress: "VideoProgress | None" = None


class VideoProgress(Contract):
    """What is handed on when a run goes on in a new history.

    Attributes:
        source_key: of the bytes that are encoded: the upload's, or those of the container that it was copied into.
        next_piece: the first that is not encoded, in the order of `workflows.video.pieces.pieces_of`.
        last_chunk: with which the source has turned out to end; None while nothing is known of that.
        extras: whether sound, poster and captions are done.
        warnings: sentences for the owner.
        started_at: seconds since 1970.
    """

    report: SourceReport
    plan: VideoPlan
    source_key: str
    source_size: int
    next_piece: int = 0
    last_chunk: int | None = None
    extras: bool = False
    warnings: tuple[str, ...] = ()
    started_at: float = 0.0


ProcessVideoInput.model_rebuild()
