"""Tests of what can be changed, asked in GraphQL."""
