"""The data dictionary as a page: every table and column, Chinese and English side by side.

The page is written from the specifications, so that what an auditor reads is what collectors obey.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from facts.spec import Column, Kind, Privacy, TableSpec
from facts.words import Words

KINDS: Mapping[Kind, Words] = {
    Kind.FULL: Words("整表", "full"),
    Kind.KEYED: Words("按键查询", "keyed"),
    Kind.EVENT: Words("事件", "events"),
}

PRIVACIES: Mapping[Privacy, Words] = {
    Privacy.PUBLIC: Words("公开", "public"),
    Privacy.DEIDENTIFIED: Words("去标识化", "de-identified"),
    Privacy.LOCAL: Words("仅本机查询", "local only"),
}

_HEAD = """\
# 数据字典 / Data dictionary

本页由 `facts/tables/` 中的定义生成（`scripts/tables.py`），与 `anfang tables` 的内容相同。表名和\
字段沿用 osquery 的，osquery 没有的为本系统自有。

- **方式**：整表一次读完；按键查询的表只回答所给的键；事件表只有持续监测的客户端才有。
- **隐私**：去标识化的字段在进入 SQL 之前已换成以单位密钥计算的校验值；仅本机查询的字段从不记录，\
检查策略不可读取。
- 一次扫描只记录检查策略用到的字段和几张基本表；哪些数据会离开本机，看 `anfang explain`。

This page is written from the definitions in `facts/tables/` (by `scripts/tables.py`) and says what
`anfang tables` says. Names of tables and columns are osquery's; what osquery lacks is our own.

- **Kind**: a full table is read once, whole; a keyed one answers only for the key that is given;
  events exist only where an agent keeps watching.
- **Privacy**: de-identified columns are replaced by digests under the unit's key before SQL sees
  them; local ones are never recorded, and a policy cannot read them.
- A scan records the columns that policies read and a few basic tables; `anfang explain` says what
  leaves a host.
"""


def page(specs: Iterable[TableSpec], baseline: Iterable[str]) -> str:
    """The dictionary of `specs` in Markdown; `baseline` names what every scan records."""
    ordered, always = sorted(specs, key=lambda spec: spec.name), frozenset(baseline)
    lines = [_HEAD, "| 表 / Table | 含义 | What it is |", "|---|---|---|"]
    lines += [_row(f"[{s.name}](#{s.name})", _text(s.doc.zh), _text(s.doc.en)) for s in ordered]
    for spec in ordered:
        lines += ["", *_table(spec, recorded=spec.name in always)]
    return "\n".join(lines) + "\n"


def _table(spec: TableSpec, *, recorded: bool) -> Iterator[str]:
    kind = KINDS[spec.kind]
    yield f"## {spec.name}\n"
    yield f"{_text(spec.doc.zh)}\n"
    yield f"{_text(spec.doc.en)}\n"
    yield "- 来源 / Source: " + " · ".join(f"`{source}`" for source in spec.source)
    yield "- 所需权限 / Privilege: " + (spec.privilege or "普通用户 / any user")
    yield f"- 方式 / Kind: {kind.zh} / {kind.en}" + (
        "，每次扫描都记录 / recorded in every scan" if recorded else ""
    )
    yield f"- 版本 / Version: {spec.version}" + (
        "，同 osquery / as osquery's" if spec.osquery else ""
    )
    if spec.notes is not None:
        yield f"- 说明：{_text(spec.notes.zh)}"
        yield f"- Notes: {_text(spec.notes.en)}"
    yield "\n| 字段 / Column | 类型 / Type | 隐私 / Privacy | 含义 | What it holds |"
    yield "|---|---|---|---|---|"
    for column in spec.columns:
        yield _column(column)


def _column(column: Column) -> str:
    privacy = PRIVACIES[column.privacy]
    shown = "" if column.privacy is Privacy.PUBLIC else f"{privacy.zh} / {privacy.en}"
    name = f"`{column.name}`" + ("（查询键 / key）" if column.key else "")
    return _row(name, column.type.value, shown, _text(column.zh), _text(column.en))


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _text(text: str) -> str:
    """`text` with what Markdown would take for itself escaped, except in quoted values."""
    return re.sub(r"(`[^`]*`)|([*<|])", lambda m: m[1] or f"\\{m[2]}", text)
