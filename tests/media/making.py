"""Files are made by ffmpeg, tiny and when they are first asked for, and kept for as long as the tests run."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]

NOWHERE = "http://127.0.0.1:9"


class Kitchen:
    """Where files are made, and the recipes by which."""

    def __init__(self, folder: Path, recipes: Mapping[str, "Recipe"], canary: str = NOWHERE) -> None:
        self.folder = folder
        self.canary = canary  # whom hostile files refer to
        self._recipes = recipes
        self._ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()

    def path(self, name: str) -> Path:
        """The file of this name, such as `plain.mp4`; made at the first call."""
        path = self.folder / name
        if not path.exists():
            partial = self.folder / f"_{name}"
            self._recipes[name](self, partial)
            partial.rename(path)
        return path

    def bytes_of(self, name: str) -> bytes:
        return self.path(name).read_bytes()

    def ffmpeg(self, *arguments: str | Path) -> None:
        """Run ffmpeg within the folder of the files."""
        subprocess.run(
            [self._ffmpeg, "-hide_banner", "-nostdin", "-v", "error", "-y", *map(str, arguments)],
            check=True,
            cwd=self.folder,
            timeout=60,
        )


Recipe = Callable[[Kitchen, Path], None]


@dataclass(frozen=True)
class Made:
    """A recipe that is one command: its inputs, then what becomes of them. `{plain.mp4}` is another file's path."""

    arguments: Sequence[str]

    def __call__(self, kitchen: Kitchen, path: Path) -> None:
        # The name of a partial file tells ffmpeg its format, too.
        kitchen.ffmpeg(*(self._filled(kitchen, each) for each in self.arguments), path)

    @staticmethod
    def _filled(kitchen: Kitchen, argument: str) -> str | Path:
        is_file = argument.startswith("{") and argument.endswith("}")
        return kitchen.path(argument[1:-1]) if is_file else argument


def made(arguments: str, *more: str) -> Recipe:
    """`made("-i {plain.mp4} -c copy", "-vf", "a filter with spaces")`."""
    return Made([*arguments.split(), *more])


def written(content: bytes | Callable[[Kitchen], bytes]) -> Recipe:
    """The bytes as they are, or made of other files."""

    def write(kitchen: Kitchen, path: Path) -> None:
        path.write_bytes(content if isinstance(content, bytes) else content(kitchen))

    return write
