"""`anfang policy schema`: what a policy file may hold, for editors that complete and warn."""

import argparse

from agent.commands.common import print_json
from policies.schema import schema


def run(_: argparse.Namespace) -> int:
    """Always 0: it only tells."""
    print_json(schema())
    return 0
