"""What people change: one file per change, none of which knows GraphQL."""
