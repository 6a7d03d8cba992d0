"""Tables and the statements that read and write them: one module per noun, no GraphQL, no network."""
