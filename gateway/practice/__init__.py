"""The practice world: the 2025 productions to try everything on, and larger ones to measure with."""
