"""The page of one run: a single HTML file that needs nothing else."""
