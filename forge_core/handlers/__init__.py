"""What each kind of job does, one file a kind, and the process that does it."""
