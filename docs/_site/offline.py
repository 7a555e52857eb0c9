"""What a built page loads: everything must lie in the site. `python -m docs._site.offline SITE` says what does not."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["find_outside_requests", "list_loaded", "main"]

_ATTRIBUTES = frozenset({"src", "srcset", "poster", "data"})
_LINKS_THAT_LOAD = frozenset({"stylesheet", "icon", "preload", "modulepreload", "manifest", "prefetch", "preconnect"})
_CSS = re.compile(r"""(?:url\(\s*|@import\s+)["']?([^"')\s;]+)""")
_IN_SCRIPT = re.compile(r"""(?:fetch|import|Worker|open)\(\s*["'`](https?:)?//""")


class _Loads(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.found += [given[name].split(" ")[0] for name in _ATTRIBUTES & given.keys()]
        if tag == "link" and _LINKS_THAT_LOAD & set(given.get("rel", "").split()):
            self.found.append(given.get("href", ""))
        self.found += _CSS.findall(given.get("style", ""))


def list_loaded(html: str) -> list[str]:
    """Return the address of everything that a page loads by itself; what a reader has to click is not among it."""
    parser = _Loads()
    parser.feed(html)
    return [address for address in parser.found if address]


def find_outside_requests(site: Path) -> list[str]:
    """Return, as `file: address`, what files of a site load from outside, and what they load that is not there."""
    found: list[str] = []
    for path in sorted(site.rglob("*.html")):
        loaded = list_loaded(path.read_text())
        found += [f"{path.relative_to(site)}: {address}" for address in loaded if not _is_inside(site, path, address)]
    for path in sorted(site.rglob("*.css")):
        loaded = _CSS.findall(path.read_text())
        found += [f"{path.relative_to(site)}: {address}" for address in loaded if _is_outside(address)]
    for path in sorted(site.rglob("*.js")):
        found += [f"{path.relative_to(site)}: {match[0]}" for match in _IN_SCRIPT.finditer(path.read_text())]
    return found


def _is_outside(address: str) -> bool:
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme not in ("", "data")


def _is_inside(site: Path, page: Path, address: str) -> bool:
    if _is_outside(address):
        return False
    name = unquote(urlsplit(address).path)
    if urlsplit(address).scheme == "data" or not name:
        return True
    loaded = (page.parent / name).resolve()
    return loaded.is_file() and loaded.is_relative_to(site.resolve())


def main(site: Path) -> int:
    """Return 1 where a page of the site loads something from outside, each on a line of stdout, else 0."""
    found = find_outside_requests(site)
    print("\n".join(found) or f"{site}: {len(list(site.rglob('*.html')))} pages, nothing is loaded from outside")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
