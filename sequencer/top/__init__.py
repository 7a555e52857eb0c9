"""`zkmargin top`: what the dashboard shows, in a terminal (docs/cli.md, docs/dashboard.md)."""

from sequencer.top.feed import Feed, read_view
from sequencer.top.frame import Frame, make_frame
from sequencer.top.screen import Screen
from sequencer.top.state import View
from sequencer.top.telling import tell_view

__all__ = ["Feed", "Frame", "Screen", "View", "make_frame", "read_view", "tell_view"]
