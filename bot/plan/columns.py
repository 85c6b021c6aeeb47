"""Text in columns: Chinese takes two cells of a terminal, and no line is longer than a screen."""

from collections.abc import Iterable

from rich.cells import cell_len, get_character_cell_size

WIDTH = 100
_NOT_FIRST = "，。；：、！？）”》】％%…～·"  # must not begin a line


def width(text: str) -> int:
    """Cells of a terminal; “ ” and … take one."""
    return cell_len(text)


def pad(text: str, cells: int) -> str:
    """Filled up with blanks to ``cells``; a longer text stays as it is."""
    return text + " " * max(0, cells - width(text))


def clip(text: str, cells: int) -> str:
    """At most ``cells`` wide, an … where something is left out; one line."""
    text = " ".join(text.split())
    if width(text) <= cells:
        return text
    kept, used = "", 1
    for char in text:
        used += get_character_cell_size(char)
        if used > cells:
            break
        kept += char
    return kept + "…"


def wrap(text: str, *, indent: int, cells: int = WIDTH) -> list[str]:
    """Lines for a column that begins after ``indent`` cells; all but the first begin with blanks.

    Words of Latin letters and numbers stay whole, and no line begins with a comma.
    """
    lines: list[str] = []
    line, used = "", indent
    for piece in _pieces(text):
        size = width(piece)
        if line.strip() and used + size > cells:
            lines.append(line.rstrip())
            line, used = "", indent
            piece = piece.lstrip()
            size = width(piece)
        line += piece
        used += size
    lines.append(line.rstrip())
    return [lines[0], *(" " * indent + rest for rest in lines[1:])]


def hang(prefix: str, text: str) -> list[str]:
    """``text`` behind ``prefix``, going on below its own beginning."""
    start = width(prefix)
    first, *rest = wrap(text, indent=start)
    return [f"{prefix}{first}".rstrip(), *rest]


def widest(labels: Iterable[str], *, most: int = 28) -> int:
    """The width of a column that holds these labels, but not more than ``most``."""
    return min(max((width(label) for label in labels), default=0), most) + 2


def _pieces(text: str) -> list[str]:
    """Where a line may end: between two Chinese characters, or after a blank."""
    pieces: list[str] = []
    for char in text:
        last = pieces[-1][-1] if pieces else " "
        joins = char in _NOT_FIRST or (_is_latin(char) and _is_latin(last)) or last in "“（《【"
        if pieces and (joins or char == " "):
            pieces[-1] += char
        else:
            pieces.append(char)
    return pieces


def _is_latin(char: str) -> bool:
    return char not in " " and get_character_cell_size(char) == 1 and char not in _NOT_FIRST
