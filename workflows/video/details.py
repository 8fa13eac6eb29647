"""What Temporal's web UI shows of a run while it is under way, as Markdown."""

from collections.abc import Mapping, Sequence

from workflows.contracts.video import QualityClass, SourceReport, VideoPlan


def details_of(report: SourceReport, plan: VideoPlan, done: Mapping[QualityClass, int], warnings: Sequence[str]) -> str:
    """The source in a line, a line for each class with the chunks that are done, and the warnings."""
    chunks = len(plan.chunk_ends)
    lines = [_source(report)]
    for quality, count in done.items():
        names = ", ".join(rung.name for rung in plan.rungs if rung.quality is quality)
        lines.append(f"- {quality.value} ({names}): {count} of {chunks} chunks")
    lines += [f"- warning: {warning}" for warning in warnings]
    return "\n".join(lines)


def _source(report: SourceReport) -> str:
    picture = report.picture
    shape = f"{picture.codec} {picture.width}x{picture.height}" if picture else "sound alone"
    return f"{report.container}, {shape}, {report.duration:.1f} s, {report.size / 1e6:.1f} MB"
