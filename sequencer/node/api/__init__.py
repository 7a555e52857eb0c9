"""The node's API: HTTP and WebSocket before a `Core`. docs/api.md."""

from sequencer.node.api.app import make_app
from sequencer.node.api.limits import ApiLimits
from sequencer.node.api.server import serving

__all__ = ["ApiLimits", "make_app", "serving"]
