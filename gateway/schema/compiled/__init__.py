"""Answers queries level by level and not field by field, with the same bytes; it leaves what it cannot."""
