"""The other services as we read them: one adapter each, behind the few promises of `ports`."""
