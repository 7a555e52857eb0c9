"""What the site says beyond the pages: references that are generated, links, and that a page asks nobody else."""
