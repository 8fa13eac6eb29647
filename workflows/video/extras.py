"""What a video is published without, if need be: its poster, its captions, its storyboard."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from workflows.contracts.video import VideoPlan
from workflows.contracts.video_work import ExtrasResult, SourceInput
from workflows.video_stubs import ExtraActivities


class Extra(NamedTuple):
    """One of them.

    Attributes:
        warning: for the owner, where it could not be made.
        is_wanted: whether a plan has what it is made of.
    """

    name: str
    activity: Callable[[ExtraActivities, SourceInput], Awaitable[ExtrasResult]]
    warning: str
    is_wanted: Callable[[VideoPlan], bool]


def _has_pictures(plan: VideoPlan) -> bool:
    return bool(plan.rungs)


def _has_captions(plan: VideoPlan) -> bool:
    return bool(plan.captions)


POSTER = Extra("poster", ExtraActivities.take_poster, "No poster could be taken.", _has_pictures)
CAPTIONS = Extra("captions", ExtraActivities.extract_captions, "The captions could not be read.", _has_captions)
STORYBOARD = Extra("storyboard", ExtraActivities.make_storyboard, "No storyboard could be made.", _has_pictures)
