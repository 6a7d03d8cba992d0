"""The client and the command line for people."""
