"""IAM: people, groups and memberships, read over SCIM with a token of our own."""
