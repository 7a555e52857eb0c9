"""Links between pages: `docs/rules.md`, as text and code name it everywhere, is a link in the site.

The pages stay plain text that a code forge or an editor shows as it is. Sphinx then checks each link, so that a page
that is named and not there fails the build.
"""

from __future__ import annotations

import re

__all__ = ["link_pages"]

_FENCE = re.compile(r"^\s*(```|~~~)")
# A fenced or indented block is no prose; neither are a link's text and address.
_MENTION = re.compile(r"(?<![\w/\[.`])(?<!\]\()(?P<tick>`?)docs/(?P<page>[a-z0-9-]+)\.md(?P=tick)(?![\w/-])")


def link_pages(text: str) -> str:
    """Return a page's Markdown with each `docs/NAME.md` outside code blocks as a link to NAME.md beside it."""
    lines: list[str] = []
    is_code = False
    for line in text.split("\n"):
        if _FENCE.match(line):
            is_code = not is_code
        lines.append(line if is_code or line.startswith("    ") else _MENTION.sub(_link, line))
    return "\n".join(lines)


def _link(mention: re.Match[str]) -> str:
    return f"[{mention['page']}]({mention['page']}.md)"
