"""`anfang agent`: the daemon."""

import argparse

from agent.daemon import Daemon
from agent.say import log_to_stderr


def run(args: argparse.Namespace) -> int:
    """Work until a signal says stop."""
    if not args.verbose:
        log_to_stderr("INFO")
    return Daemon(args.config, args.state).run()
