"""The public face: GraphQL types, arguments, descriptions and limits; translation only."""
