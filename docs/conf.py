"""Sphinx's configuration: `make docs` builds the site into .cache/site, with nothing left to warn of."""

from __future__ import annotations

import sys
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from docs._site.generate import generate  # noqa: E402 (the root has to be on the path before)
from docs._site.links import link_pages  # noqa: E402 (as above)

project = "zkmargin"
copyright = "the zkmargin authors, MIT or Apache-2.0"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_site", "__pycache__"]
# Pages of this project are plain CommonMark with tables; one extension, so that generated pages can be linked into.
myst_enable_extensions: list[str] = []
myst_heading_anchors = 3
nitpicky = True
highlight_language = "text"
smartquotes = False  # what is code or an option stays as it is typed

html_theme = "furo"  # no fonts, scripts or styles from elsewhere; light and dark; readable on a phone
html_title = "zkmargin"
html_favicon = "_static/icon.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False


def setup(app: Sphinx) -> None:
    """Generate the references first, then link pages that are named in text."""
    app.connect("builder-inited", lambda app: generate(Path(app.srcdir)))
    app.connect("source-read", _link)


def _link(app: Sphinx, docname: str, source: list[str]) -> None:
    if "/" not in docname:
        source[0] = link_pages(source[0])
