"""Every table of the platform: importing this package makes the metadata complete."""

from models import auth, platform, registry, storage, tutorial_counts

__all__ = ["auth", "platform", "registry", "storage", "tutorial_counts"]
