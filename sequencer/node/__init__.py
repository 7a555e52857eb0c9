"""The node: a sequencer one can leave running. What stands here so far is its floor: the store and the receipts.

Start at `opening.open_store`: a folder or a PostgreSQL URL in, the one `store.Store` interface out. `links` says what a
record's place in the log is, `receipts` signs it (docs/node-storage.md).
"""
