"""Reports in HTML: what a replay, or a node's last hours, looked like. `writing.py` is where to begin."""
