"""The real PanDA: panda-server and panda-client from the index, and what its database must hold."""
