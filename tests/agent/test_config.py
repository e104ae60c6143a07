"""The configuration is read once, and a mistake in it is an error that names the fix."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from agent import config
from agent.config import Config, load
from agent.errors import ConfigError

SAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "agent.toml"


def test_defaults_hold_without_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host without configuration has the documented defaults."""
    monkeypatch.setattr(config, "FILE", tmp_path / "agent.toml")
    monkeypatch.setattr(config, "DIRECTORY", tmp_path / "agent.d")

    assert load() == Config()


def test_drop_ins_override_in_the_order_of_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two files that say the same, the later name wins; other suffixes are passed over."""
    (tmp_path / "agent.toml").write_text("interval_s = 600\nscan_cpu_s = 5\n")
    drop_ins = tmp_path / "agent.d"
    drop_ins.mkdir()
    (drop_ins / "20-b.toml").write_text("interval_s = 1200\n")
    (drop_ins / "10-a.toml").write_text("interval_s = 900\n")
    (drop_ins / "30-c.toml.old").write_text("interval_s = 60\n")
    monkeypatch.setattr(config, "FILE", tmp_path / "agent.toml")
    monkeypatch.setattr(config, "DIRECTORY", drop_ins)

    loaded = load()

    assert (loaded.interval_s, loaded.scan_cpu_s) == (1200, 5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("clasified = true", "did you mean 'classified'?"),
        ("interval_s = '600'", "interval_s must be an integer"),
        ("classified = 1", "classified must be true or false"),
        ("interval_s = 5", "between 60 and 604800"),
        ("state = 'here'", "must be an absolute path"),
        ("interval_s = ", "not valid TOML"),
        ("x = '" + "y" * config.MAX_BYTES + "'", "longer than"),
    ],
)
def test_a_mistake_names_file_and_fix(tmp_path: Path, text: str, said: str) -> None:
    """Whatever is wrong is said with the file it is in."""
    file = tmp_path / "agent.toml"
    file.write_text(text)

    with pytest.raises(ConfigError, match=said) as raised:
        load(file)

    assert str(file) in raised.value.en
    assert str(file) in raised.value.zh


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    """A configuration that was asked for and is missing is no reason to run with defaults."""
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "missing.toml")


def test_every_number_has_a_range() -> None:
    """No integer setting can be set to something that makes no sense."""
    numbers = {field.name for field in fields(Config) if type(field.default) is int}

    assert numbers == config._RANGES.keys()
    assert all(
        low <= getattr(Config(), name) <= high for name, (low, high) in config._RANGES.items()
    )


def test_the_sample_is_all_settings_with_their_defaults(tmp_path: Path) -> None:
    """The sample changes nothing as it is, nor with every setting of it in force."""
    text = SAMPLE.read_text("utf-8")
    settings = re.findall(r"^#(\w+) = (.+)$", text, re.MULTILINE)
    in_force = tmp_path / "agent.toml"
    in_force.write_text("".join(f"{name} = {value}\n" for name, value in settings))

    assert load(SAMPLE) == Config()
    assert load(in_force) == Config()
    assert {name for name, _ in settings} == {field.name for field in fields(Config)}


def test_the_sample_names_every_range() -> None:
    """Whoever edits it sees what a setting may be, as it is checked."""
    paragraphs = SAMPLE.read_text("utf-8").split("\n\n")

    for name, (low, high) in config._RANGES.items():
        (about,) = [text for text in paragraphs if f"\n#{name} = " in text]
        assert f"{low} 至 {high}" in about
        assert f"{low} to {high}" in about
