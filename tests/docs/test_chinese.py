"""Chinese is written as Chinese wherever a person reads it: in its punctuation, in one vocabulary.

Identifiers, commands and what stands before a colon as a place (`path: what is wrong`) stay ASCII.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROGRAMS = ("agent", "collectors", "evidence", "facts", "policies", "server")
TEXTS = (
    "Makefile",
    "*.md",
    "docs/**/*.md",
    "scripts/*.sh",
    "server/pages/templates/*.html",
    "systemd/*",
)

HAN = r"[\u4e00-\u9fff]"
HALF_WIDTH = re.compile(
    rf"{HAN} ?(?:[,;?!(]|\.(?![\w.])|:(?![\w:{{]))|(?:\w[,;?!] ?|[”）][,;:?] ?|\)){HAN}"
)
"""A Chinese character with the comma, colon or bracket of another script beside it."""
CODE = re.compile(r"`[^`]*`|\b[a-z_]+\([1-9]\)")
"""What is ASCII in any language: quoted values, pages of the manual."""
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)

SYNONYMS = {
    "安防": "技术防范",
    "豁免": "例外（经审批）",
    "加白": "例外（经审批）",
    "裁决": "判定结果",
    "令牌": "注册码",
    "记分卡": "合规总览",
    "假名化": "去标识化",
    "脱敏": "去标识化",
    "智能体": "客户端",
    "区块链": "报告链",
    "证据包": "检查材料包",
    "案件": "检查任务",
    "翻墙": "跨境代理",
    "杀毒": "恶意代码防范",
    "国安局": "国家安全机关",
    "运营商": "运营者",
    "登录密码": "口令",
    "用户密码": "口令",
}
"""Words that people here read as something else, with the ones to use."""


def spoken(source: str) -> Iterator[tuple[int, str]]:
    """Each text of a program but docstrings, with its line; `x` stands for what is filled in."""
    nodes = list(ast.walk(ast.parse(source)))
    silent = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            silent.update(map(id, node.values))
            texts = (getattr(value, "value", "x") for value in node.values)
            yield node.lineno, "".join(t if isinstance(t, str) else "x" for t in texts)
        elif isinstance(node, ast.Constant) and id(node) not in silent:
            yield node.lineno, str(node.value)


def chinese(node: object, where: str) -> Iterator[tuple[str, str]]:
    """Each `zh` of a policy file, by its place."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "zh":
                yield where, value
            else:
                yield from chinese(value, f"{where}.{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from chinese(value, f"{where}[{index}]")


def said() -> Iterator[tuple[str, str]]:
    """Every text that a person may read, and where it stands."""
    for package in PROGRAMS:
        for path in sorted((ROOT / package).rglob("*.py")):
            for line, text in spoken(path.read_text("utf-8")):
                yield f"{path.relative_to(ROOT)}:{line}", text
    for path in sorted((ROOT / "policies/library").rglob("*.yaml")):
        yield from chinese(yaml.safe_load(path.read_text("utf-8")), str(path.relative_to(ROOT)))
    for pattern in TEXTS:
        for path in sorted(ROOT.glob(pattern)):
            page = FENCED.sub(lambda block: "\n" * block[0].count("\n"), path.read_text("utf-8"))
            for line, text in enumerate(page.splitlines(), 1):
                yield f"{path.relative_to(ROOT)}:{line}", text


@pytest.fixture(scope="module", name="texts")
def _texts() -> Sequence[tuple[str, str]]:
    """Those of them that are Chinese."""
    return [(where, text) for where, text in said() if re.search(HAN, text)]


def test_there_is_something_to_read(texts: Sequence[tuple[str, str]]) -> None:
    """The programs, the policies, the pages and the documents were all found."""
    places = {where.split("/")[0] for where, _ in texts}

    assert places >= {"agent", "server", "facts", "policies", "docs", "scripts"}
    assert len(texts) > 1000


def test_chinese_has_chinese_punctuation(texts: Sequence[tuple[str, str]]) -> None:
    """No half-width comma, semicolon, question mark or bracket beside a Chinese character."""
    wrong = [
        f"{where}: {found[0]!r} in {text.strip()[:60]!r}"
        for where, text in texts
        if (found := HALF_WIDTH.search(CODE.sub("x", text)))
    ]

    assert wrong == []


def test_one_word_for_one_thing(texts: Sequence[tuple[str, str]]) -> None:
    """The glossary's words, and none that mean another thing to who reads them."""
    wrong = [
        f"{where}: {word}, should be {better}"
        for where, text in texts
        for word, better in SYNONYMS.items()
        if word in text
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("读不到, 所以无法判定", False),
        ("读不到，所以无法判定", True),
        ("已拒绝(原因见下)", False),
        ("已拒绝（原因见下）", True),
        ("状态: 正常", False),
        ("/etc/anfang: 无法读取", True),
        ("执行 anfang send; 然后重试", False),
        ("服务器:8443", True),
        ("哪些数据会离开本机，为什么 / what leaves this host, and why", True),
        ("crypt(3) 不会生成", True),
    ],
)
def test_the_rule_of_punctuation_tells_them_apart(text: str, *, right: bool) -> None:
    """What the rule calls wrong is wrong, and what it lets pass is right."""
    assert (HALF_WIDTH.search(CODE.sub("x", text)) is None) is right
