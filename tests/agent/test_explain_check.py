"""`anfang explain CHECK`: what a check rests on, so that anyone can look again."""

import json

import pytest

from facts.tables import SPECS
from policies.load import LIBRARY, load
from tests.agent.running import anfang

CHECK = load(LIBRARY / "cii-host.yaml").policy.check("CEP-USB-003")


def _flat(text: str) -> str:
    """Without line ends and indents, which the width of the terminal makes."""
    return "".join(text.split())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_check_is_explained_in_one_language(lang: str) -> None:
    """Why, each clause and how sure it is, advice, harmless causes, and the SQL."""
    done = anfang("explain", "cep-usb-003", lang=lang)

    said = _flat(done.stdout)
    assert done.returncode == 0
    texts = (CHECK.title, CHECK.why, CHECK.advice.do, CHECK.advice.rollback, CHECK.false_positives)
    assert all(_flat(getattr(text, lang)) in said for text in texts)
    assert all(_flat(clause.ref) in said for clause in CHECK.clauses)
    assert _flat(CHECK.violations or "") in said


def test_what_it_reads_can_be_read_again() -> None:
    """Each table with the columns that count and every source; registers with their columns."""
    done = anfang("explain", "CEP-USB-003")

    said = _flat(done.stdout)
    for table in ("usb_devices", "usb_interfaces", "kernel_modules"):
        assert all(_flat(source) in said for source in SPECS[table].source)
    assert "Columns    sysfs_path, class\n" in done.stdout
    assert "approved_usb:vendor_id,model_id,serial." in said
    assert "platform_usb:" in said


def test_parameters_are_told_with_their_bounds() -> None:
    """The default, and what a unit may set."""
    done = anfang("explain", "CEP-AUD-004")

    assert "audit_retention_days = 180 (180 … 3650): " in done.stdout


def test_json_holds_the_same() -> None:
    """For programs: the check itself, in both languages, and what it reads."""
    told = json.loads(anfang("explain", "CEP-USB-003", "--json").stdout)

    assert told["policy"] == "cii-host"
    assert told["check"]["title"] == {"zh": CHECK.title.zh, "en": CHECK.title.en}
    assert {read["table"] for read in told["reads"]} == {
        *("kernel_modules", "usb_devices", "usb_interfaces"),
    }
    assert told["registers"].keys() == {"approved_usb"}
    assert told["data"].keys() == {"platform_usb"}


def test_an_unknown_check_exits_2_and_names_near_ones() -> None:
    """A slip of the finger is no end."""
    done = anfang("explain", "CEP-USB-03")

    assert done.returncode == 2
    assert "CEP-USB-003" in done.stderr
