"""The node and the command line: turns trades into batches, has them proved, checks and compares them."""
