"""Measurements of the read path: what a question costs, by size of the world and by database.

Run with `make bench`. Numbers are medians of this machine under its present load: compare ratios, and rows of
one run. With `--keep` results go to bench/results with the machine, the versions and the load.
"""
