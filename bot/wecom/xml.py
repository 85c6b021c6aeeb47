"""Read WeCom's XML and JSON into plain values, strictly: no DTD, at most eight levels deep."""

import json
from typing import Any
from xml.parsers import expat

DEPTH = 8

Fields = dict[str, Any]  # tag → text, Fields, or a list of either where a tag is repeated

_BOM = b"\xef\xbb\xbf"


class Malformed(ValueError):
    """Neither XML nor JSON as WeCom writes it."""


def read(document: bytes) -> Fields:
    """What stands inside the root element (or the JSON object)."""
    document = document.removeprefix(_BOM).strip()
    return _read_json(document) if document.startswith(b"{") else _Reader().read(document)


def _read_json(document: bytes) -> Fields:
    try:
        fields = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise Malformed("not JSON") from error
    if not isinstance(fields, dict):
        raise Malformed("not a JSON object")
    return fields


class _Reader:
    """Builds values while expat walks; every open element is one entry of each stack."""

    def __init__(self) -> None:
        self._children: list[Fields] = []
        self._texts: list[tuple[list[str], list[str]]] = []  # outside and inside CDATA
        self._in_cdata = False
        self._root: Any = ""

    def read(self, document: bytes) -> Fields:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_dtd
        parser.StartElementHandler = self._open
        parser.EndElementHandler = self._close
        parser.CharacterDataHandler = self._text
        parser.StartCdataSectionHandler = lambda: self._cdata(True)
        parser.EndCdataSectionHandler = lambda: self._cdata(False)
        try:
            parser.Parse(document, True)
        except (expat.ExpatError, ValueError, LookupError) as error:
            raise Malformed(f"not XML: {error}") from error
        return self._root if isinstance(self._root, dict) else {}

    def _refuse_dtd(self, *_: object) -> None:
        raise Malformed("a DTD is refused")

    def _open(self, _tag: str, _attributes: object) -> None:
        if len(self._children) == DEPTH:
            raise Malformed(f"deeper than {DEPTH} levels")
        self._children.append({})
        self._texts.append(([], []))

    def _cdata(self, inside: bool) -> None:
        self._in_cdata = inside
        if inside:
            self._texts[-1][1].append("")

    def _text(self, text: str) -> None:
        self._texts[-1][self._in_cdata].append(text)

    def _close(self, tag: str) -> None:
        children, (outside, cdata) = self._children.pop(), self._texts.pop()
        value = children or _leaf("".join(outside), cdata)
        if not self._children:
            self._root = value
        elif tag not in (siblings := self._children[-1]):
            siblings[tag] = value
        elif isinstance(siblings[tag], list):
            siblings[tag].append(value)
        else:
            siblings[tag] = [siblings[tag], value]


def _leaf(outside: str, cdata: list[str]) -> str:
    """CDATA word for word; blanks around it, or around bare text, are only layout."""
    return outside.strip() + "".join(cdata)
