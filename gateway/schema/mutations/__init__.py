"""What can be changed: one file per change, each with its arguments and what it may answer."""
