"""What the workflow of a video asks of the world, as abstract classes; `activities` has the implementations."""

from abc import ABC, abstractmethod
from uuid import UUID

from temporalio import activity

from workflows.contracts.execution import FunctionCallInput
from workflows.contracts.video_tasks import BegunVideo, VideoRunInput
from workflows.contracts.video_work import (
    ChunkInput,
    ChunkResult,
    CompletionInput,
    ExtrasResult,
    FailVideoInput,
    FinishVideoInput,
    Inspection,
    PlanInput,
    RemuxInput,
    SoundInput,
    SoundResult,
    SourceInput,
)


class VideoRunActivities(ABC):
    """Rows of a run, its tracks, and its video: statements that may be repeated."""

    @abstractmethod
    @activity.defn(name="video.enter")
    async def enter(self, run_id: UUID) -> bool:
        """The rows say that it is under way; False when there is no such run, or it has ended."""

    @abstractmethod
    @activity.defn(name="video.keep-plan")
    async def keep_plan(self, plan: PlanInput) -> None:
        """The row has the plan, and its tracks have theirs, still empty."""

    @abstractmethod
    @activity.defn(name="video.complete-tracks")
    async def complete_tracks(self, completion: CompletionInput) -> None:
        """Players are told that nothing follows in these tracks."""

    @abstractmethod
    @activity.defn(name="video.finish")
    async def finish(self, end: FinishVideoInput) -> None:
        """The video is ready: its row has duration, quality and renditions as they were measured."""

    @abstractmethod
    @activity.defn(name="video.fail")
    async def fail(self, end: FailVideoInput) -> None:
        """No row of it is left but the run's own, and the video is in `error`, or as an older run has made it."""

    @abstractmethod
    @activity.defn(name="video.discard")
    async def discard(self, run_id: UUID) -> None:
        """No object of it is left."""


class VideoTaskActivities(ABC):
    """Runs that tasks of executions have begun. Faults are ApplicationErrors with the problem as detail."""

    @abstractmethod
    @activity.defn(name="video-task.begin-for")
    async def begin_for(self, call: FunctionCallInput) -> BegunVideo:
        """Insert the row of a run, or find the one that the key began before, or that there is."""

    @abstractmethod
    @activity.defn(name="video-task.outcome")
    async def outcome(self, asked: VideoRunInput) -> str:
        """How it stands, as JSON text: `{status, error, video}`."""

    @abstractmethod
    @activity.defn(name="video-task.cancel")
    async def cancel(self, asked: VideoRunInput) -> None:
        """Its row says that it is to end."""


class MediaActivities(ABC):
    """What is done to files. Each result is an object and a row when it is answered; a repeat makes the same bytes.

    What is wrong with the source itself is an ApplicationError of type `UnusableVideo`, with `{code, message}` as its
    detail, and is not tried again.
    """

    @abstractmethod
    @activity.defn(name="media.inspect")
    async def inspect(self, source: SourceInput) -> Inspection:
        """Look into the source, and decode a picture of it."""

    @abstractmethod
    @activity.defn(name="media.remux")
    async def remux(self, copied: RemuxInput) -> SourceInput:
        """Copy the streams, as they are, into a container that can be sought in."""

    @abstractmethod
    @activity.defn(name="media.encode-chunk")
    async def encode_chunk(self, chunk: ChunkInput) -> ChunkResult:
        """Encode some seconds of video; players can have them when it answers."""

    @abstractmethod
    @activity.defn(name="media.encode-sound")
    async def encode_sound(self, sound: SoundInput) -> SoundResult:
        """Encode one audio stream as a whole; players can have each piece as soon as it is there."""


class ExtraActivities(ABC):
    """What a video is published without, if need be; otherwise as MediaActivities."""

    @abstractmethod
    @activity.defn(name="media.take-poster")
    async def take_poster(self, source: SourceInput) -> ExtrasResult:
        """One picture, as an object of the owner's, and the video's thumbnail where he has set none himself."""

    @abstractmethod
    @activity.defn(name="media.make-storyboard")
    async def make_storyboard(self, source: SourceInput) -> ExtrasResult:
        """Small pictures of all of it, from what was encoded."""

    @abstractmethod
    @activity.defn(name="media.extract-captions")
    async def extract_captions(self, source: SourceInput) -> ExtrasResult:
        """The subtitles that are text, as WebVTT."""
