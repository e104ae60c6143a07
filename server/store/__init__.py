"""What the server keeps: one SQLite file in the data directory, read by many, written by one."""
