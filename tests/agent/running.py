"""Runs the real program as a user would, with a configuration of the test's own."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from agent.state import State

TIMEOUT_S = 60


def anfang(
    *arguments: str,
    state: State | Path | None = None,
    config: str = "/dev/null",
    lang: str = "en",
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
) -> "subprocess.CompletedProcess[str]":
    """What `anfang` with `arguments` said, whatever its exit code."""
    argv = [sys.executable, "-m", "agent", *arguments, "--config", config, "--lang", lang]
    if state is not None:
        argv += ["--state", str(state.root if isinstance(state, State) else state)]
    return subprocess.run(
        argv,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        env=None if env is None else dict(env),
    )
