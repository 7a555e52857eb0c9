"""Looks whether a node can run with a configuration: `zkmargin doctor`. Nothing is changed. docs/node-ops.md."""
