"""What reaches the terminal is aligned, and cannot steer it."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.say import Paint, clip, language, pad, width, wrap
from policies.plain import visible


def test_wide_characters_count_twice() -> None:
    """A Chinese character takes two cells, a combining mark none."""
    assert width("无法判定 ok") == 11
    assert width("é") == 1
    assert pad("高", 4) == "高  "


@given(st.text(), st.integers(min_value=2, max_value=30))
def test_clipped_text_fits(text: str, cells: int) -> None:
    """Whatever is clipped takes no more than it may."""
    assert width(clip(text, cells)) <= cells


@given(st.text(alphabet="中文，。a b", max_size=60), st.integers(min_value=8, max_value=30))
def test_wrapping_loses_nothing(text: str, cells: int) -> None:
    """Every visible character is still there, in its order."""
    lines = wrap(text, cells)

    assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.text(alphabet="中文，。a", max_size=60), st.integers(min_value=8, max_value=30))
def test_no_line_starts_with_closing_punctuation(text: str, cells: int) -> None:
    """A full stop stays with what it ends, as Chinese typesetting wants it."""
    lines = wrap(text, cells)

    assert not any(line.startswith(("，", "。")) for line in lines[1:])


@given(st.text())
def test_nothing_printed_can_steer_the_terminal(text: str) -> None:
    """Controls, escapes and direction marks come out as text."""
    assert visible(text).isprintable()


def test_control_characters_show_as_escapes() -> None:
    """A device that calls itself by an escape sequence is shown, not obeyed."""
    assert visible("\x1b[2J\u202eUSB\n") == "\\x1b[2J\\u202eUSB\\n"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "zh"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "C.UTF-8"}, "zh"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "zh"),
    ],
)
def test_chinese_unless_the_locale_is_english(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    """Chinese comes first; only an English locale changes that."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert language() == expected
    assert language("en") == "en"


def test_no_colour_without_a_terminal() -> None:
    """What is piped into a file has no escape sequences."""
    assert Paint(io.StringIO())("严重", "1", "31") == "严重"


def test_no_color_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR switches colours off on a terminal too (no-color.org)."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = Paint(Terminal())("x", "1")
    monkeypatch.setenv("NO_COLOR", "1")

    assert coloured == "\x1b[1mx\x1b[0m"
    assert Paint(Terminal())("x", "1") == "x"
