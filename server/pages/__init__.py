"""The pages: rendered on the server, read without script, printable, Chinese first."""
