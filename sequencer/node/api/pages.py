"""The dashboard's files, from the package: read once, served from memory, with nothing asked of any other site.

`sequencer/dashboard/` has their source; what is served is the bundle that stands beside it in `dist/`.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from sequencer.node.api.errors import NotFound

__all__ = ["PAGE_POLICY", "Pages", "load_pages"]

# Scripts, styles and requests of the page's own origin and nothing else: no inline code, no other site, no frame.
PAGE_POLICY: Final = "; ".join(
    (
        *("default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'"),
        *("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"),
    )
)
_INDEX: Final = "index.html"
_ASSETS: Final = "assets/"  # names hold a digest of what is in them
_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}
_DIGEST_BYTES: Final = 16


@dataclass(frozen=True)
class Page:
    """One file, plain and packed."""

    media_type: str
    plain: bytes
    packed: bytes
    digest: str
    is_immutable: bool


class Pages:
    """The files by name, below `/`."""

    def __init__(self, pages: dict[str, Page]) -> None:
        """Serve these; the index is among them."""
        self._pages = pages

    @property
    def version(self) -> str:
        """Another one when anything of the dashboard is: the index names all other files by their digest."""
        return self._pages[_INDEX].digest

    @property
    def names(self) -> tuple[str, ...]:
        """What is served, besides `/`."""
        return tuple(name for name in self._pages if name != _INDEX)

    async def serve(self, request: Request) -> Response:
        """Answer a request for `/` or a file. Raises NotFound."""
        name = request.url.path.lstrip("/") or _INDEX
        page = self._pages.get(name)
        if page is None or request.url.path == f"/{_INDEX}":
            raise NotFound("path", request.url.path[:200])
        is_packed = "gzip" in _list_encodings(request.headers.get("accept-encoding", ""))
        tag = f'"{page.digest}{"-gzip" if is_packed else ""}"'
        headers = {
            "etag": tag,
            "cache-control": "public, max-age=31536000, immutable" if page.is_immutable else "no-cache",
            "vary": "accept-encoding",
            "content-security-policy": PAGE_POLICY,
        }
        if tag in [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]:
            return Response(None, 304, headers)
        if is_packed:
            headers["content-encoding"] = "gzip"
        body = b"" if request.method == "HEAD" else page.packed if is_packed else page.plain
        return Response(body, 200, headers, media_type=page.media_type)


def load_pages() -> Pages:
    """Return the dashboard's files. Raises OSError where the package lacks them."""
    folder = files("sequencer") / "dashboard" / "dist"
    pages = {_INDEX: _read(folder / _INDEX, is_immutable=False)}
    for asset in sorted((folder / "assets").iterdir(), key=lambda found: found.name):
        pages[_ASSETS + asset.name] = _read(asset, is_immutable=True)
    return Pages(pages)


def _read(path: Traversable, *, is_immutable: bool) -> Page:
    plain = path.read_bytes()
    media_type = _TYPES[path.name.rpartition(".")[2]]
    digest = blake2b(plain, digest_size=_DIGEST_BYTES).hexdigest()
    return Page(media_type, plain, gzip.compress(plain, mtime=0), digest, is_immutable)


def _list_encodings(header: str) -> list[str]:
    """Return what the client takes; what it weighs with zero it does not."""
    parts = [part.replace(" ", "").lower() for part in header.split(",")]
    return [part.partition(";")[0] for part in parts if not part.endswith((";q=0", ";q=0.0"))]
