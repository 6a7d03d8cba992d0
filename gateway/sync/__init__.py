"""Keeping remembered rows true: what may be believed of a listing, and what follows from what was seen."""
