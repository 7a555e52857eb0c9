"""The node: a sequencer that one can leave running."""
