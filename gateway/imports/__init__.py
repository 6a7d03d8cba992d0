"""Taking in people's files: request lists as they were kept, and snapshots of what other services hold."""
