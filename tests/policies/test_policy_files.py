"""Policy files: what is read, and how each kind of bad file is refused with its line."""

import time
from pathlib import Path

import jsonschema
import pytest

from policies.errors import MalformedPolicyError, Problem
from policies.load import load
from policies.nodes import MAX_BYTES, read_yaml
from policies.schema import schema
from tests.policies import samples


def problems_of(path: Path) -> tuple[Problem, ...]:
    with pytest.raises(MalformedPolicyError) as caught:
        load(path)
    return caught.value.problems


def refusal(text: str | bytes) -> Problem:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(MalformedPolicyError) as caught:
        read_yaml(data, "p.yaml")
    (problem,) = caught.value.problems
    return problem


def test_a_right_policy_is_read_whole(tmp_path: Path) -> None:
    """Every field arrives, and each place knows its line."""
    path = samples.write(tmp_path, samples.policy())

    file = load(path)

    assert file.policy.check("CEP-USB-003").title.zh == "应仅接入已登记的移动存储介质"
    line = file.at("checks", 0, "violations").line
    assert '"violations"' in path.read_text(encoding="utf-8").splitlines()[line - 1]


def test_plain_words_mean_what_yaml_1_2_says() -> None:
    """`no`, `08`, versions and clock times stay text; true, null and integers do not."""
    text = "[no, on, 08, 2026.11.0, 12:30, 1.5, 2026-11-23, 10, -3, true, null, ~, '10', '']"

    values = read_yaml(text.encode(), "p.yaml").plain()

    assert values == [
        *("no", "on", "08", "2026.11.0", "12:30", "1.5", "2026-11-23"),
        *(10, -3, True, None, None, "10", ""),
    ]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", 3, "not YAML"),
        ("a: 1\n\tb: 2\n", 2, "not YAML"),
        ("a: 1\nb: \x01\n", 2, "not YAML"),
        (b"a: 1\nb: \xff\n", 2, "not UTF-8"),
        ("", 1, "empty"),
        ("# nothing\n", 1, "empty"),
        ("a: &x 1\nb: *x\n", 1, "an anchor or alias"),
        ("a: 1\nb: *x\n", 2, "an anchor or alias"),
        ("a: 1\n*x : 2\n", 2, "a key that is not plain text"),
        ("a: 1\n<<: {b: 2}\n", 2, "a merge key"),
        ("a: 1\nb: !!python/object:os.system x\n", 2, "a tag"),
        ("a: 1\nb: 2\na: 3\n", 3, "`a` again"),
        ("a: 1\n[x]: 2\n", 2, "a key that is not plain text"),
        ("a: 1\n---\nb: 2\n", 2, "a second document"),
        ("\n" + "[" * 40, 2, "nested more than 32 deep"),
        ("\n[" + "1," * 200_001 + "]", 2, "more than 200000 values"),
        ("a: '" + "x" * MAX_BYTES + "'", 0, f"more than {MAX_BYTES} bytes"),
    ],
)
def test_yaml_beyond_the_allowed_part_is_refused(
    text: str | bytes, line: int, message: str
) -> None:
    """Malformed, aliased, tagged, duplicate, deep and huge files each name the line and a fix."""
    problem = refusal(text)

    assert problem.line == line
    assert message in problem.message
    assert problem.fix


def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    """Nothing is expanded before it is refused."""
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 30))
    start = time.process_time()

    problem = refusal("l0: &l0 [x]\n" + levels)

    assert problem.line == 1
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("field", "value", "said", "fix"),
    [
        ("titel", samples.T, "unknown key `titel`", "did you mean `title`?"),
        ("severity", "critcal", "`critcal`", "did you mean `critical`?"),
        ("family", "zzz", "`zzz`", "use one of usb, rad"),
        ("id", "USB-3", "`USB-3`", "write it like CEP-USB-003"),
        ("title", "应", "`应` where `zh`, `en` belong", "mapping"),
        ("title", {"zh": "应"}, "`en` is missing", "add `en:`"),
        ("violations", 7, "`7` where text belongs", "quotes"),
        ("clauses", {"ref": "x"}, "a mapping where a list belongs", "- item"),
        ("clauses", [{"ref": "art. 10", "certainty": "verified"}], "`art. 10`", "GB/T 22239"),
        ("advice", samples.CHECK["advice"] | {"window": "no"}, "`no`", "write true or false"),
        ("violations", None, "either `violations` or `expects`", "one of the two"),
        ("expects", "SELECT 1", "either `violations` or `expects`", "one of the two"),
        ("registers", ["approved"], "`approved` is not declared", "use one of approved_usb"),
        ("parameters", ["day"], "`day` is not declared", "use one of days"),
        (
            "tests",
            [{"name": "x", "given": {"usb_devices": {"status": "partial"}}, "verdict": "fail"}],
            "`partial` without a reason",
            "reason: [code, argument]",
        ),
    ],
)
def test_a_field_that_does_not_fit_is_named(
    tmp_path: Path, field: str, value: object, said: str, fix: str
) -> None:
    """The problem says what stands there, in which line, and what to write instead."""
    path = samples.write(tmp_path, samples.policy(**{field: value}))

    (problem,) = problems_of(path)

    assert said in problem.message
    assert fix in problem.fix
    assert problem.line > 0


def test_all_problems_of_shape_are_told_at_once(tmp_path: Path) -> None:
    """Nobody should have to correct a file one message at a time."""
    value = samples.policy(severity="bad", famly="usb", title="x")

    problems = problems_of(samples.write(tmp_path, value))

    assert len(problems) == 3


def test_problems_stand_at_their_own_line(tmp_path: Path) -> None:
    """`file:line:` leads to the key that has to change."""
    path = samples.write(tmp_path, samples.policy(severity="bad"))

    (problem,) = problems_of(path)

    line = path.read_text(encoding="utf-8").splitlines()[problem.line - 1]
    assert line.strip() == '"severity": "bad",'
    assert str(problem).startswith(f"{path}:{problem.line}: ")


def test_an_id_used_twice_is_refused(tmp_path: Path) -> None:
    """The second one is pointed at."""
    value = samples.policy()
    value["checks"] *= 2

    (problem,) = problems_of(samples.write(tmp_path, value))

    assert problem.message == "CEP-USB-003 again"
    assert problem.line > 100


def test_a_default_no_unit_could_set_is_refused(tmp_path: Path) -> None:
    """A parameter's default obeys its own type and bounds."""
    value = samples.policy()
    value["parameters"]["days"]["default"] = 0

    (problem,) = problems_of(samples.write(tmp_path, value))

    assert "the default 0" in problem.message


def test_data_files_are_read_in(tmp_path: Path) -> None:
    """`file:` stands for the four fields that the file holds."""
    entry = {"columns": ["port"], "rows": [[23]], "source": "IANA", "doc": samples.T}
    (tmp_path / "data").mkdir()
    samples.write(tmp_path / "data", entry, "ports.yaml")
    value = samples.policy() | {"data": {"ports": {"file": "data/ports.yaml"}}}

    file = samples.loaded(tmp_path, value)

    assert file.policy.data["ports"].rows == ((23,),)


def test_problems_in_a_data_file_name_that_file(tmp_path: Path) -> None:
    """A short row is found where it stands."""
    (tmp_path / "ports.yaml").write_text(
        "columns: [port, name]\nsource: IANA\ndoc: {zh: 端口, en: ports}\n"
        "rows:\n- [23, telnet]\n- [21]\n",
        encoding="utf-8",
    )
    value = samples.policy() | {"data": {"ports": {"file": "ports.yaml"}}}

    (problem,) = problems_of(samples.write(tmp_path, value))

    assert (Path(problem.file).name, problem.line) == ("ports.yaml", 6)


def test_checks_of_a_file_stand_where_it_is_named(tmp_path: Path) -> None:
    """Families of checks have files of their own, and their problems are found there."""
    whole = samples.policy()
    (tmp_path / "checks").mkdir()
    samples.write(tmp_path / "checks", whole["checks"], "usb.yaml")
    parted = whole | {"checks": [{"file": "checks/usb.yaml"}]}

    file = samples.loaded(tmp_path, parted)

    assert file.policy == samples.loaded(tmp_path, whole).policy
    assert Path(file.at("checks", 0, "id").file).name == "usb.yaml"


def test_a_file_of_checks_is_a_list(tmp_path: Path) -> None:
    """A single check, or anything else, is refused with what to write."""
    (tmp_path / "usb.yaml").write_text("id: CEP-USB-001\n", encoding="utf-8")

    (problem,) = problems_of(
        samples.write(tmp_path, samples.policy() | {"checks": [{"file": "usb.yaml"}]})
    )

    assert problem.message == "not a list of checks"
    assert Path(problem.file).name == "usb.yaml"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"file": "../etc/passwd"}, "not the name of such a file"),
        ({"file": "/etc/x.yaml"}, "not the name of such a file"),
        ({"file": "missing.yaml"}, "missing.yaml: No such file"),
        ({"file": "x.yaml", "source": "y"}, "`file` beside other keys"),
    ],
)
def test_a_data_file_that_cannot_be_had_is_refused(
    tmp_path: Path, entry: dict[str, str], said: str
) -> None:
    """Data files lie below the policy, and nowhere else."""
    value = samples.policy() | {"data": {"ports": entry}}

    (problem,) = problems_of(samples.write(tmp_path, value))

    assert said in problem.message
    assert problem.line > 1


def test_the_json_schema_says_the_same(tmp_path: Path) -> None:
    """What loads satisfies the schema; an unknown key satisfies neither."""
    validator = jsonschema.Draft202012Validator(schema())
    right = samples.policy() | {"data": {"ports": {"file": "data/ports.yaml"}}}
    wrong = samples.policy(titel=samples.T)

    assert validator.is_valid(right)
    assert not validator.is_valid(wrong)
    assert problems_of(samples.write(tmp_path, wrong))


def test_a_large_policy_loads_quickly(tmp_path: Path) -> None:
    """A hundred checks with tests are read in seconds at most, whatever the machine."""
    value = samples.policy()
    value["checks"] = [value["checks"][0] | {"id": f"CEP-USB-{n:03}"} for n in range(100)]
    path = samples.write(tmp_path, value)
    start = time.process_time()

    load(path)

    assert time.process_time() - start < 5
