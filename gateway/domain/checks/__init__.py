"""The invariants of production, each as a small function from facts to findings; `catalogue` lists them all.

A check that lacks a value it needs stays silent, unless its docstring promises "cannot be checked".
"""
