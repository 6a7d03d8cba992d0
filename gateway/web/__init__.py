"""GraphQL over HTTP: what comes in, what goes out, and what is written down about it."""
