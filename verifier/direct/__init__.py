"""The rival's side of the base layer: what DirectSettlement is sent, and what it stores (docs/compare.md)."""
