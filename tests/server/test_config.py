"""The configuration file: what it may say, and what it is told when it says something else."""

from pathlib import Path

import pytest

from server import config
from server.config import Config
from server.errors import UsageError

GOOD = 'origin = "log.example/anfang/1"\nhost_names = ["collector.example", "10.0.0.1"]\n'


def _written(directory: Path, text: str) -> Path:
    (directory / config.NAME).write_text(text, encoding="utf-8")
    return directory


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    """The file that init writes says what init was told."""
    settings = Config(origin="o", host_names=("a", "::1"), listen="[::]:9443", classified=True)

    read = config.load(_written(tmp_path, config.render(settings)))

    assert read == settings


def test_an_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    """A misspelt setting is an error, never silently without effect."""
    with pytest.raises(UsageError, match="did you mean 'listen'") as refused:
        config.load(_written(tmp_path, GOOD + 'lisen = "127.0.0.1:1"\n'))

    assert "是否应为 'listen'" in refused.value.zh


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('listen = "collector:8443"', "listen is ADDRESS:PORT"),
        ('listen = "127.0.0.1:70000"', "listen is ADDRESS:PORT"),
        ('listen = "127.0.0.1"', "listen is ADDRESS:PORT"),
        ("listen = 8443", "listen must be a quoted text"),
        ('classified = "no"', "classified must be true or false"),
        ('profile = "gm"', "knows profile"),
        ("x = [", "not valid TOML"),
    ],
)
def test_an_impossible_setting_says_what_is_possible(tmp_path: Path, line: str, told: str) -> None:
    """Each message names the setting and the remedy."""
    with pytest.raises(UsageError, match=told):
        config.load(_written(tmp_path, GOOD + line + "\n"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('origin = "o"\nhost_names = []', "one name or address"),
        ('origin = "o"\nhost_names = ["bad name"]', "neither a host name"),
        ('origin = "o"\nhost_names = "one"', "must be a list"),
        ('origin = "has space"\nhost_names = ["a"]', "visible ASCII"),
        ('host_names = ["a"]', "origin is missing"),
    ],
)
def test_names_are_checked(tmp_path: Path, text: str, told: str) -> None:
    """What goes into certificates and checkpoints must be able to stand there."""
    with pytest.raises(UsageError, match=told):
        config.load(_written(tmp_path, text))


def test_a_missing_file_names_the_command_that_makes_it(tmp_path: Path) -> None:
    """The first error of a newcomer helps on."""
    with pytest.raises(UsageError, match="anfang-server init"):
        config.load(tmp_path)
