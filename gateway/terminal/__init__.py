"""The command line for people: a running gateway asked over HTTP, and its answers as tables."""
