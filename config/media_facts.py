"""What a file is, by its size and its first bytes, whatever its name says."""

from dataclasses import dataclass
from pathlib import Path

_HEAD_BYTES = 12


@dataclass(frozen=True, slots=True)
class FileFacts:
    """How big a file is, and the bytes it begins with."""

    size: int
    head: bytes

    @property
    def is_picture(self) -> bool:
        """JPEG or PNG."""
        return self.head.startswith((b"\xff\xd8", b"\x89PNG"))

    @property
    def is_video(self) -> bool:
        """MP4."""
        return self.head[4:8] == b"ftyp"


def facts_of(path: Path) -> FileFacts | None:
    """None when it cannot be read."""
    try:
        with path.open("rb") as file:
            return FileFacts(path.stat().st_size, file.read(_HEAD_BYTES))
    except OSError:
        return None


def facts_in(content: bytes) -> FileFacts:
    return FileFacts(len(content), content[:_HEAD_BYTES])
