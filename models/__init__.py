"""Every table of the platform: importing this package makes the metadata complete."""

from models import auth, platform, registry

__all__ = ["auth", "platform", "registry"]
