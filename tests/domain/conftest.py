"""Property tests draw the same examples in every run, so a failure is met again by whoever looks for it."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
