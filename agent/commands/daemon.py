"""`anfang agent`: the daemon."""

import argparse
import logging

from agent.daemon import Daemon


def run(args: argparse.Namespace) -> int:
    """Work until a signal says stop."""
    if not args.verbose:
        logging.getLogger().setLevel(logging.INFO)
    return Daemon(args.config, args.state).run()
