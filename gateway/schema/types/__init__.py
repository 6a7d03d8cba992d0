"""The types of the schema, one module per noun: fields, descriptions and the relation behind each link."""
