"""What a batch means, in plain Python integers: the model that the circuits prove.

Start at `transition.build_batch` (a state, prices, orders and cash operations in; a trace and the next state out) and
`audit.check_batch` (a trace alone, checked rule by rule). Rules stand in `margin`, `auction`, `liquidation`, `settle`
and `txs`; records in `params`, `accounts`, `orders`, `state`, `shapes`, `trace`; hashes in `poseidon`, `trees`, `tags`.
Nothing is imported here, so that a part costs only itself.
"""
