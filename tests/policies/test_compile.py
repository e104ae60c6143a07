"""Compiled policies: one form, nothing of the tests, nothing else accepted."""

import json
from pathlib import Path

import pytest

from evidence import canonical
from policies.compile import MAX_COMPILED, compile_policy, read_compiled, reference
from policies.errors import CompiledPolicyError
from tests.policies import samples


def compiled(directory: Path) -> bytes:
    return compile_policy(samples.loaded(directory, samples.policy()).policy)


def test_compiling_drops_tests_and_keeps_the_rest(tmp_path: Path) -> None:
    """Read back, the policy differs in its tests only, and compiles to the same bytes."""
    data = compiled(tmp_path)

    policy = read_compiled(data)

    assert policy.checks[0].tests == ()
    assert policy.checks[0].violations == samples.CHECK["violations"]
    assert compile_policy(policy) == data
    assert b"an unregistered stick" not in data


def test_the_form_of_the_file_does_not_matter(tmp_path: Path) -> None:
    """Keys in another order, and tests changed, compile to the same bytes."""
    value = samples.policy()
    value["checks"][0] = dict(reversed(value["checks"][0].items())) | {"tests": []}

    other = samples.loaded(tmp_path, dict(reversed(value.items()))).policy

    assert compile_policy(other) == compiled(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value | {"extra": 1},
        lambda value: value | {"doc": None},
        lambda value: value | {"checks": [value["checks"][0] | {"tests": samples.TESTS}]},
        lambda value: value | {"checks": [value["checks"][0] | {"severity": "dire"}]},
        lambda value: value | {"checks": [value["checks"][0] | {"expects": "SELECT 1"}]},
        lambda value: value | {"checks": value["checks"] * 2},
        lambda value: value | {"checks": []},
        lambda value: [value],
    ],
    ids=["unknown key", "default said", "tests", "severity", "both rules", "twice", "none", "list"],
)
def test_any_other_form_is_refused(tmp_path: Path, change: object) -> None:
    """A key more, a default written out, tests left in, a bad value: refused, though canonical."""
    assert callable(change)
    value = json.loads(compiled(tmp_path))

    with pytest.raises(CompiledPolicyError):
        read_compiled(canonical.encode(change(value)))


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff", b"null", b"[" * 100_000, b'{"a":1,"a":2}', b" " * (MAX_COMPILED + 1)],
    ids=["empty", "cut", "not text", "null", "deep", "twice", "huge"],
)
def test_bytes_that_are_no_policy_are_refused(data: bytes) -> None:
    """Nothing but the one error comes out of bad bytes."""
    with pytest.raises(CompiledPolicyError):
        read_compiled(data)


def test_white_space_makes_another_form(tmp_path: Path) -> None:
    """The same JSON with a space more is refused."""
    with pytest.raises(CompiledPolicyError, match="compile it again"):
        read_compiled(compiled(tmp_path).replace(b":", b": ", 1))


def test_a_reference_names_the_bytes(tmp_path: Path) -> None:
    """Name, version and the digest of the compiled form."""
    data = compiled(tmp_path)

    named = reference(read_compiled(data), data)

    assert (named.policy, named.version) == ("sample", "2026.11.0")
    assert len(named.digest.sha256) == 64
