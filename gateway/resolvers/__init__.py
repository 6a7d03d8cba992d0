"""What happens behind a field of the schema: which rows, by which relation, in how many statements."""
