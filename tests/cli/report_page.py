"""Reads a report's page as a browser does: its tree, its pictures, its tables, and what it would ask others for."""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ET
import zlib
from base64 import b64decode
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

__all__ = ["Page", "check_png", "check_svg", "read_page"]

_VOID = {"meta", "img", "link", "br", "hr", "input"}
_SVG_IMAGE = "data:image/svg+xml;base64,"
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"


@dataclass
class Page(HTMLParser):
    """A page that was read. Parsing fails on a tag that is not closed, or closed out of turn."""

    tags: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)  # href, src and the like
    handlers: list[str] = field(default_factory=list)  # attributes that would run scripts
    texts: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)  # of all tables, in order
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "srcset", "action", "data")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        if tag not in _VOID:
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"</{tag}> out of turn"

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("td", "th"):
            self.rows[-1][-1] += data
        self.texts.append(data)

    @property
    def facts(self) -> dict[str, str]:
        """Rows of two cells, as the table of facts has them."""
        return {row[0]: row[1] for row in self.rows if len(row) == 2}

    @property
    def text(self) -> str:
        """All that is to be read."""
        return " ".join(" ".join(self.texts).split())


def read_page(folder: Path) -> Page:
    """Return the page of a report, well formed, its pictures held to be whole and beside it."""
    page = Page()
    page.feed((folder / "index.html").read_text())
    page.close()
    assert page._open == [], "tags left open"
    pictures = [link for link in page.links if link.startswith("data:")]
    files = [link for link in page.links if not link.startswith("data:")]
    for picture in pictures:
        assert picture.startswith(_SVG_IMAGE)
        check_svg(b64decode(picture.removeprefix(_SVG_IMAGE), validate=True))
    assert len(pictures) == page.tags.count("img") > 0
    for name in files:
        assert Path(name).name == name
        (check_svg if name.endswith(".svg") else check_png)((folder / name).read_bytes())
    assert len(files) == 2 * len(pictures)
    return page


def check_svg(data: bytes) -> None:
    """Fail unless it is an SVG that draws something and asks nobody for anything."""
    root = ET.fromstring(data)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert len(list(root.iter("{http://www.w3.org/2000/svg}path"))) > 5
    for element in root.iter():
        assert not element.tag.endswith("}script")
        for name, value in element.attrib.items():
            if name.endswith("href"):
                assert value.startswith(("#", "data:image/png;base64,"))
            assert "url(http" not in value


def check_png(data: bytes) -> None:
    """Fail unless every chunk of a PNG has its checksum, and its rows unpack to what its head says."""
    assert data.startswith(_PNG_MAGIC)
    at, rows, head = len(_PNG_MAGIC), b"", b""
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack_from(">I", data, at + 8 + length)[0]
        head = body if kind == b"IHDR" else head
        rows += body if kind == b"IDAT" else b""
        at += length + 12
    width, height, depth, colour = struct.unpack_from(">IIBB", head)
    assert (depth, colour) == (8, 6)  # red, green, blue, alpha
    assert len(zlib.decompress(rows)) == height * (4 * width + 1) > 0
