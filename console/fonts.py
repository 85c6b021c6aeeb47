"""A Chinese typeface of this machine, for pictures with words; a bare server may have none."""

from functools import cache
from pathlib import Path
from typing import Final

from PIL import ImageFont

_FOLDERS: Final = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
)
_NAMES: Final = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "NotoSansSC-Regular.otf",
    "SourceHanSansSC-Regular.otf",
    "SourceHanSansCN-Regular.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "STHeiti Light.ttc",
    "msyh.ttc",
    "simhei.ttf",
    "simsun.ttc",
)
_FACES: Final = 12  # in one collection, at most


@cache
def chinese() -> tuple[Path, int] | None:
    """The file and which face of it writes simplified Chinese; None when there is no such file."""
    found = {
        path.name: path
        for folder in _FOLDERS
        for path in Path(folder).expanduser().rglob("*.[to]t[cf]")
    }
    path = next((found[name] for name in _NAMES if name in found), None)
    return (path, _simplified(path)) if path else None


def of_size(pixels: int) -> ImageFont.FreeTypeFont | None:
    """None on a machine without a Chinese typeface."""
    if (font := chinese()) is None:
        return None
    return ImageFont.truetype(font[0], pixels, index=font[1])


def _simplified(path: Path) -> int:
    """Collections hold faces for several countries; 0 when none says that it is the one."""
    for index in range(_FACES if path.suffix == ".ttc" else 1):
        try:
            family, _ = ImageFont.truetype(path, 12, index=index).getname()
        except OSError:  # the last face was the one before
            break
        if family and family.endswith((" SC", " CN")):
            return index
    return 0
