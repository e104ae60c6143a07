"""One module for each subcommand, imported only when it is asked for.

Each has `run(args) -> int`: parse, build, call, print; the exit code is what `agent.cli` says.
"""
