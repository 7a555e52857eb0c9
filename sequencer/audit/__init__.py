"""Proves a node's misconduct from its receipts and from what it published: `zkmargin audit`. docs/audit.md."""
