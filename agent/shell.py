"""The interactive shell of `anfang query`: statements, commands that begin with a dot, history."""

import argparse
import sys
from collections.abc import Callable

import apsw

from agent.answers import MODES, gaps, write
from agent.editing import Editor
from agent.errors import AgentError, InputError
from agent.job import Answered
from agent.say import Lang, clip, columns, pad, pick, talk, width
from evidence import __version__
from facts.dictionary import KINDS
from facts.errors import QueryError
from facts.spec import Kind
from facts.tables import SPECS
from policies.plain import visible

_PROMPT, _MORE = "anfang> ", "   ...> "


class Shell:
    """Reads from a terminal until it is told to end; nothing that is typed ends it otherwise."""

    def __init__(self, ask: Callable[[str], Answered], args: argparse.Namespace) -> None:
        self._ask = ask
        self._lang: Lang = args.lang
        self._mode = "json" if args.json else "csv" if args.csv else "pretty"
        self._editor = Editor()

    def run(self) -> int:
        """0, however the statements came out."""
        self._greet()
        with self._editor:
            statement = ""
            while True:
                try:
                    statement += self._editor.line(_MORE if statement else _PROMPT) + "\n"
                    if not statement.strip():
                        statement = ""
                    elif statement.startswith("."):
                        self._editor.remember(statement)
                        words, statement = statement.split(), ""
                        if self._command(*words):
                            return 0
                    elif _complete(statement):
                        self._editor.remember(statement)
                        asked, statement = statement, ""
                        self._answer(asked)
                except EOFError:
                    print()
                    return 0
                except KeyboardInterrupt:
                    statement = ""
                    print()
                except UnicodeDecodeError:
                    statement = ""
                    talk(self._said("输入的不是 UTF-8 文本", "what was typed is no UTF-8 text"))
                except AgentError as e:
                    talk(visible(self._said(e.zh, e.en)))

    def _greet(self) -> None:
        talk(
            self._said(
                f"anfang {__version__}，共 {len(SPECS)} 张表。语句以分号结束；"
                ".help 查看命令，.exit 退出。",
                f"anfang {__version__}, {len(SPECS)} tables. A statement ends with a semicolon; "
                ".help lists commands, .exit ends.",
            )
        )

    def _answer(self, sql: str) -> None:
        answer = self._ask(sql)
        write(answer, self._mode, sys.stdout)
        sys.stdout.flush()
        for gap in gaps(answer, self._lang):
            talk(gap)

    def _command(self, name: str, *words: str) -> bool:
        """Do what a line with a dot says; True if it ends the shell."""
        commands: dict[str, Callable[..., None]] = {
            ".help": self._help,
            ".mode": self._set_mode,
            ".schema": self._schema,
            ".tables": self._tables,
        }
        if name in (".exit", ".quit"):
            return True
        if name not in commands or len(words) > 1:
            known = " ".join((*sorted(commands), ".exit"))
            raise InputError(
                f"没有这样的命令：{' '.join((name, *words))}。可用：{known}",
                f"no such command: {' '.join((name, *words))}; there are {known}",
            )
        commands[name](*words)
        return False

    def _help(self, _: str = "") -> None:
        history = self._editor.history
        kept = "" if history is None else str(history)
        modes = "|".join(MODES)
        lines = (
            ("SELECT …;", "在本机执行一条查询，可分多行", "one query on this host, in any lines"),
            (".tables [TEXT]", "列出名称含 TEXT 的表", "the tables whose name holds TEXT"),
            (".schema [TABLE]", "表的字段与含义", "a table's columns and what they hold"),
            (f".mode [{modes}]", "输出格式", "how answers are written"),
            (".exit", "退出（Ctrl-D 亦可）", "end, as Ctrl-D does"),
            ("Ctrl-C", "放弃当前语句或查询", "give up the statement or query at hand"),
            ("Tab", "补全表、字段、函数和命令", "complete tables, columns, functions, commands"),
        )
        first = max(width(what) for what, _, _ in lines) + 2
        for what, zh, en in lines:
            print(pad(what, first) + self._said(zh, en))
        if kept:
            print(self._said(f"语句历史保存在 {kept}", f"history is kept in {kept}"))
        else:
            print(self._said("不保存语句历史", "no history is kept"))

    def _set_mode(self, mode: str = "") -> None:
        if not mode:
            print(self._mode)
        elif mode in MODES:
            self._mode = mode
        else:
            known = " ".join(MODES)
            raise InputError(
                f"没有输出格式 {mode}。可用：{known}", f"no mode {mode}; there are {known}"
            )

    def _tables(self, part: str = "") -> None:
        found = [spec for name, spec in sorted(SPECS.items()) if part.strip("%").lower() in name]
        first = max((len(spec.name) for spec in found), default=0) + 2
        room = columns(sys.stdout) - first
        for spec in found:
            note = "" if spec.kind is Kind.FULL else f"[{KINDS[spec.kind].to(self._lang)}] "
            print(pad(spec.name, first) + clip(note + spec.doc.to(self._lang), room))

    def _schema(self, name: str = "") -> None:
        if not name:
            for spec in (SPECS[name] for name in sorted(SPECS)):
                listed = ", ".join(f"{column.name} {column.type}" for column in spec.columns)
                print(f"CREATE TABLE {spec.name}({listed});")
            return
        if name not in SPECS:
            raise _unknown(name)
        spec = SPECS[name]
        cells = [f"  {column.name} {column.type}" for column in spec.columns]
        first = max(map(len, cells)) + 2
        room = max(20, columns(sys.stdout) - first - 3)
        print(f"CREATE TABLE {name}(")
        for number, (cell, column) in enumerate(zip(cells, spec.columns, strict=True), 1):
            comma = "," if number < len(cells) else ""
            doc = clip(column.doc.to(self._lang), room)
            print(pad(f"{cell}{comma}", first) + f"-- {doc}")
        print(");")

    def _said(self, zh: str, en: str) -> str:
        return pick(self._lang, zh, en)


def _complete(statement: str) -> bool:
    """Whether `statement` is whole, as SQLite sees it: a semicolon in quotes ends nothing."""
    try:
        return apsw.complete(statement)
    except (UnicodeEncodeError, ValueError):  # the one who answers says what is wrong with it
        return True


def _unknown(name: str) -> InputError:
    """Why there is no table `name`, as a query for it is told."""
    from facts.catalogue import Catalogue  # noqa: PLC0415  # 20 ms that only a mistake needs
    from facts.plan import Planner  # noqa: PLC0415
    from facts.reasons import say  # noqa: PLC0415

    try:
        Planner(Catalogue(SPECS)).plan(f"SELECT 1 FROM {_quoted(name)}")  # noqa: S608  # only planned, as what was typed
    except QueryError as e:
        return InputError(say(e.reason, "zh"), say(e.reason, "en"))
    return InputError(f"没有名为 {name} 的表", f"there is no table {name}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
