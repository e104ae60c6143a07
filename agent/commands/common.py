"""What the subcommands share: configuration, state, refusal, JSON on stdout."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from agent.config import Config, load
from agent.errors import ClassifiedError
from agent.state import State


def configured(args: argparse.Namespace) -> Config:
    """The configuration, with what the command line overrides."""
    config = load(args.config)
    return replace(config, state=str(Path(args.state).absolute())) if args.state else config


def permitted(args: argparse.Namespace) -> Config:
    """The configuration, for a command that scans, exports or sends.

    Raises:
        ClassifiedError: this is a classified system.
    """
    config = configured(args)
    if config.classified:
        raise ClassifiedError
    return config


def state_of(config: Config) -> State:
    """The state directory."""
    return State(Path(config.state))


def print_json(value: Any) -> None:
    """`value` on stdout, indented, keys in their given order."""
    data = msgspec.json.format(msgspec.json.encode(value), indent=2)
    sys.stdout.write(data.decode("utf-8") + "\n")
