"""A stand-in for a provider of language models: a real HTTP server that speaks chat completions and says what it is."""

from zilliance.devstack.ai_stand_in.scenes import Scene
from zilliance.devstack.ai_stand_in.server import StandInProvider

__all__ = ["Scene", "StandInProvider"]
