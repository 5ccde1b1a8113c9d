"""The least that the work can cost in Python: bytes over bare sockets, and what the disk must be told."""
