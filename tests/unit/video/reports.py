"""Sources as an inspection would report them."""

from workflows.contracts.video import PictureStream, Rate, SoundStream, SourceReport


def picture_of(width: int, height: int, rate: Rate | None = None, **fields: object) -> PictureStream:
    known = {"index": 0, "codec": "h264", "width": width, "height": height, "rate": rate or Rate(numerator=30)}
    return PictureStream.model_validate(known | fields)


def report_of(picture: PictureStream | None, *sounds: SoundStream, duration: float = 10) -> SourceReport:
    return SourceReport(container="mov", size=1_000_000, duration=duration, picture=picture, sounds=sounds)
