"""One file a lane kind: an account's turn, from opening its leaf to closing it."""
