"""Every reason has words in both languages, and whatever comes can be shown."""

import re
import string
from pathlib import Path

import pytest

import facts
from facts.denied import DENIED
from facts.reasons import REASONS, say
from facts.status import Reason

CODE = re.compile(r'(?:Status\.[A-Z_]+,|\bReason\((?:code=)?|QueryError\()\s*"([a-z_]+)"')


def places(template: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(template) if field is not None}


@pytest.mark.parametrize("code", sorted(REASONS))
def test_both_languages_say_the_same_arguments(code: str) -> None:
    """A path named in Chinese is named in English, and counting starts at {0}."""
    words = REASONS[code]

    assert places(words.zh) == places(words.en)
    assert places(words.en) == {str(i) for i in range(len(places(words.en)))}
    assert any("\u4e00" <= char <= "\u9fff" for char in words.zh)
    assert words.en.isascii() or "…" in words.en


def test_says_a_reason_in_either_language() -> None:
    """The arguments stand where each language wants them."""
    reason = Reason("foreign_mount", ("/etc", "tmpfs"))

    assert say(reason, "zh") == "/etc 被另行挂载的文件系统（tmpfs）遮盖，读到的不是本机内容"
    assert "/etc is covered by a foreign mount (tmpfs)" in say(reason, "en")


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (Reason("from_the_future", ("a", "b")), "from_the_future a b"),
        (Reason("too_large"), "… is larger than the cap"),
        (Reason("too_large", ("/a", "4096")), "/a is larger than the cap"),
        (Reason("column_missing", ("{1}", "{0}")), "{1} lacks the column {0}"),
    ],
)
def test_a_reason_from_elsewhere_is_shown_as_it_came(reason: Reason, said: str) -> None:
    """Reports come from other versions, and from other people."""
    assert say(reason, "en") == said


def test_what_is_denied_by_design_has_its_words() -> None:
    """Asking for it says why it is not there."""
    assert set(DENIED.values()) <= REASONS.keys()


def test_every_code_that_is_used_has_words() -> None:
    """A code without words would be shown as a code to somebody who cannot read it."""
    packages = Path(facts.__path__[0]).parent
    used = {
        code
        for package in ("agent", "collectors", "facts", "policies", "server")
        for path in (packages / package).rglob("*.py")
        for code in CODE.findall(path.read_text("utf-8"))
    }

    assert "permission_denied" in used
    assert used <= REASONS.keys()
