"""What `zkmargin bench` measures, and the load it makes. Nothing of the product imports it."""
