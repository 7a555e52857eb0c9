"""A run on its base layer: the Rollup deployed, its queue filled, groups settled with their blobs, payments claimed."""
