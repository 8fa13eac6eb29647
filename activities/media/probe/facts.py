"""What the child is asked and what it answers, as JSON on its standard input and output."""

from dataclasses import dataclass, field

Ratio = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to look into, and where to stop.

    Attributes:
        location: an absolute path, or a presigned URL of the S3 store.
        user: whom to become where the child is root.
        seconds: how long decoding and measuring may go on, each.
        cpu_seconds: of all; more ends the child.
    """

    location: str
    user: int
    max_side: int
    max_pixels: int
    max_streams: int
    seconds: float
    cpu_seconds: int


@dataclass(frozen=True, kw_only=True)
class FirstPicture:
    """What the decoder of a first frame knows that the container need not say."""

    width: int
    height: int
    rotation: int
    is_interlaced: bool
    pixel_format: str
    bits: int
    transfer: int
    primaries: int
    matrix: int


@dataclass(frozen=True, kw_only=True)
class StreamFacts:
    """One stream. Times are seconds on the file's own clock.

    Attributes:
        kind: libav's word: video, audio, subtitle, data or attachment.
        tag: four characters of the container that name the codec; protected streams have one of their own.
        indexed_end: where the last sample of the container's index begins.
        present_end: where the first one begins whose bytes are missing, if some are.
        is_protected: a packet of it came with what is needed to decrypt it.
        picture: of the first frame that could be decoded.
        is_decoded: a frame of it could be decoded; None: there was no need to try, or no packet of it in time.
    """

    index: int
    kind: str
    codec: str = ""
    tag: str = ""
    is_decodable: bool = False
    language: str = ""
    title: str = ""
    is_default: bool = False
    is_forced: bool = False
    is_attached_picture: bool = False
    start: float | None = None
    duration: float | None = None
    indexed_end: float | None = None
    present_end: float | None = None
    frames: int = 0
    width: int = 0
    height: int = 0
    sample_aspect: Ratio | None = None
    average_rate: Ratio | None = None
    base_rate: Ratio | None = None
    is_interlaced: bool = False
    channels: int = 0
    sample_rate: int = 0
    picture: FirstPicture | None = None
    is_decoded: bool | None = None
    is_protected: bool = False


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that is known of a file.

    Attributes:
        container: libav's short name of the demuxer.
        duration: that the container says; None when it does not.
        measured_end: where the last packet ends, where they were counted because the container says nothing.
        is_measure_guessed: not all of them were: the rest was taken to be like the beginning.
        is_seekable: a seek to its middle came out near it.
    """

    container: str
    size: int
    duration: float | None = None
    start: float | None = None
    measured_end: float | None = None
    is_measure_guessed: bool = False
    is_seekable: bool = True
    streams: tuple[StreamFacts, ...] = field(default=())


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Facts, or why there are none: the file is refused (`code`), or could not be read this time (`unavailable`)."""

    facts: Facts | None = None
    code: str = ""
    message: str = ""
    unavailable: str = ""
