"""The program `anfang`: parse, call one subcommand, turn what went wrong into words and a code.

Exit codes: 0 all well · 1 violations, or not authentic · 2 usage or a bad file · 3 could not
tell, or failed. Subcommands are imported when they are asked for, so that starting stays cheap.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from agent.errors import AgentError
from agent.say import language, log_to_stderr, pick, talk
from evidence import __version__

_DESCRIPTION = """\
关键信息基础设施主机技术防范自查系统（客户端）
Technical-precaution self-inspection for hosts of critical information infrastructure

  anfang scan                        扫描本机，在终端显示合规总览 / scan this host, show a scorecard
  anfang query 'SQL'                 用 SQL 查看本机事实 / look at facts in SQL
  anfang explain                     哪些数据会离开本机，为什么 / what leaves this host, and why
  anfang enroll URL --token T        纳管到服务器 / enrol with a server
  anfang verify --trust DIR FILE…    离线核验 / verify offline
"""
_EPILOG = """\
退出码 / exit codes: 0 全部正常 all well · 1 有不符合项，或核验不通过 violations, or not authentic
                     2 用法或文件有误 usage or a bad file · 3 无法判定或未完成 cannot tell, failed
本程序不得用于涉密信息系统。Not for classified systems (state secrets).
"""


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Wide enough for two languages on one line, whatever the terminal: help is also a document."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=110)


def parser(only: str | None = None) -> argparse.ArgumentParser:
    """The whole command line, or as much of it as the command `only` needs.

    Building all of it costs more than some commands do.
    """
    top = argparse.ArgumentParser(
        prog="anfang", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=_Formatter
    )
    top.add_argument("--version", action="version", version=f"anfang {__version__}")
    commands = top.add_subparsers(
        title="命令 / commands", metavar="命令", dest="command", required=True
    )
    parents = [_common()]
    for command in _COMMANDS if only is None else [c for c in _COMMANDS if c.name == only]:
        added = commands.add_parser(
            command.name,
            help=command.text,
            description=command.text,
            parents=parents if command.module else [],
            formatter_class=_Formatter,
        )
        added.set_defaults(module=command.module)
        command.arguments(added)
    return top


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    group = common.add_argument_group("通用 / common")
    group.add_argument("--state", metavar="DIR", help="状态目录 / state directory")
    group.add_argument("--config", metavar="FILE", type=Path, help="配置文件 / configuration file")
    group.add_argument("--lang", choices=("zh", "en"), help="语言，默认随系统 / language")
    group.add_argument("-v", "--verbose", action="store_true", help="详细日志 / log more")
    return common


def _answers(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="以 JSON 输出 / JSON on stdout")


def _scan(command: argparse.ArgumentParser) -> None:
    _answers(command)
    command.add_argument(
        "--policy",
        metavar="P",
        action="append",
        default=[],
        help="检查策略：文件或自带名称，可多次；默认用服务器下发的，未纳管时用 cii-host"
        " / a policy file or the name of a shipped one; default: the assigned ones, else cii-host",
    )
    command.add_argument(
        "--root",
        metavar="DIR|FILE",
        default="/",
        help="改为扫描另一个根目录或主机记录 / another root, or a recording",
    )
    command.add_argument(
        "--out", metavar="FILE", help="同时写出已签名的检查材料 / also write a signed parcel"
    )
    command.add_argument(
        "--trigger",
        choices=("manual", "schedule", "enrolment"),
        default="manual",
        help="触发方式，记入主机报告 / what set it off, as recorded",
    )


def _query(command: argparse.ArgumentParser) -> None:
    _answers(command)
    command.add_argument(
        "sql",
        metavar="SQL",
        nargs="?",
        help="一条 SELECT；省略时，在终端上进入交互查询，否则逐条读标准输入"
        " / default: a shell on a terminal, else stdin",
    )
    command.add_argument("--csv", action="store_true", help="以 CSV 输出 / CSV on stdout")
    command.add_argument(
        "--root",
        metavar="DIR|FILE",
        default="/",
        help="改为查询另一个根目录或主机记录 / another root, or a recording",
    )


def _tables(command: argparse.ArgumentParser) -> None:
    _answers(command)
    command.add_argument("name", metavar="表名", nargs="?", help="只看一张表 / one table only")


def _record(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--out", metavar="FILE", required=True, help="新文件，.gz 则压缩 / a new file, .gz packed"
    )
    command.add_argument(
        "--tables",
        metavar="T,…",
        help="只记录这些表的来源，默认全部 / sources of these tables only",
    )


def _explain(command: argparse.ArgumentParser) -> None:
    _answers(command)
    command.add_argument(
        "check",
        metavar="CHECK",
        nargs="?",
        help="改为说明一项检查：依据、读取的事实、如何手工复核"
        " / one check instead: clauses, facts, how to repeat it by hand",
    )
    command.add_argument(
        "--policy", metavar="P", action="append", default=[], help="同 scan / as in scan"
    )


def _enroll(command: argparse.ArgumentParser) -> None:
    command.add_argument("url", metavar="URL", help="服务器地址 https://… / the server's address")
    command.add_argument("--token", required=True, help="注册码，- 表示从标准输入读 / token, or -")


def _export(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="FILE", help="文件，- 为标准输出 / a file, - for stdout")
    command.add_argument(
        "--all",
        action="store_true",
        help="一并导出已有回执的主机报告及其回执 / also what has its receipt, with it",
    )


def _import(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="FILE", help="文件，- 为标准输入 / a file, - for stdin")


def _verify(command: argparse.ArgumentParser) -> None:
    _answers(command)
    command.add_argument(
        "--trust", metavar="DIR", type=Path, help="信任目录，默认本机的 / whom to trust"
    )
    command.add_argument("files", metavar="FILE", nargs="+", type=Path, help="检查材料 / parcels")


def _match(command: argparse.ArgumentParser) -> None:
    _answers(command)
    command.add_argument(
        "--serial", metavar="S", help="序列号，- 表示从标准输入读 / serial number, or -"
    )
    command.add_argument(
        "--id", metavar="V:P", help="厂商:产品编号，如 0781:5567 / vendor and product"
    )
    command.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        type=Path,
        help="另查这些检查材料；不给序列号和编号则查已接入的设备 / parcels to look in, too;"
        " without serial and id: the devices attached now",
    )


def _policy(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(metavar="动作", dest="action", required=True)
    for name, text in (
        ("lint", "检查有无错误 / find mistakes"),
        ("test", "运行策略自带的测试 / run a policy's own tests"),
    ):
        action = actions.add_parser(
            name, help=text, description=text, parents=[_common()], formatter_class=_Formatter
        )
        _answers(action)
        action.add_argument(
            "policies",
            metavar="P",
            nargs="*",
            help="文件或名称，默认全部自带策略 / default: all shipped",
        )
        action.set_defaults(module="policy")
    _mutate(actions)
    _diff(actions)
    _usb(actions)
    _draft(actions)
    text = (
        "检查策略文件的 JSON Schema，供编辑器使用 / the JSON Schema of a policy file, for editors"
    )
    actions.add_parser(
        "schema", help=text, description=text, parents=[_common()], formatter_class=_Formatter
    ).set_defaults(module="schema")


def _mutate(actions: Any) -> None:
    text = "故意改错策略中的 SQL，看测试能否发现 / do a policy's tests notice mistakes in its SQL?"
    action = actions.add_parser(
        "mutate", help=text, description=text, parents=[_common()], formatter_class=_Formatter
    )
    _answers(action)
    action.add_argument(
        "targets",
        metavar="P|CHECK",
        nargs="*",
        help="文件、名称或检查项编号，默认全部自带策略"
        " / policies or ids of checks; default: all shipped",
    )
    action.set_defaults(module="policy_mutate")


def _diff(actions: Any) -> None:
    text = "新旧策略有何不同，对已记录主机的影响 / what a new policy changes, on recorded hosts too"
    action = actions.add_parser(
        "diff", help=text, description=text, parents=[_common()], formatter_class=_Formatter
    )
    _answers(action)
    action.add_argument("old", metavar="OLD", help="原策略：文件或名称 / a file or a name")
    action.add_argument("new", metavar="NEW", help="新策略 / the new one")
    action.add_argument(
        "--report",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="检查材料，可多次；每台主机取最新一份报告 / parcels; the newest scan of each host",
    )
    action.set_defaults(module="policy_diff")


def _usb(actions: Any) -> None:
    for name, text in (
        ("simulate", "拟用的 USB 登记册会拒绝哪些接入 / what a proposed USB register would refuse"),
        ("usbguard", "把 USB 登记册写成 USBGuard 规则 / a USB register as rules for USBGuard"),
    ):
        action = actions.add_parser(
            name, help=text, description=text, parents=[_common()], formatter_class=_Formatter
        )
        action.add_argument(
            "register",
            metavar="CSV",
            type=Path,
            help="登记册，首行列名 vendor_id,model_id,serial / the register, columns named first",
        )
        action.set_defaults(module=f"policy_{name}")
        if name == "simulate":
            _answers(action)
            action.add_argument(
                "files",
                metavar="FILE",
                nargs="+",
                type=Path,
                help="检查材料，取其中的接入记录 / parcels, for the insertions that they record",
            )


def _draft(actions: Any) -> None:
    text = (
        "把 Fleet 策略、osquery 查询包、Wazuh SCA 规则转为草稿"
        " / a draft of Fleet policies, an osquery pack or Wazuh SCA rules"
    )
    action = actions.add_parser(
        "import", help=text, description=text, parents=[_common()], formatter_class=_Formatter
    )
    _answers(action)
    action.add_argument("file", metavar="FILE", type=Path, help="YAML 或 JSON 文件 / YAML or JSON")
    action.set_defaults(module="policy_import")


def _nothing(_: argparse.ArgumentParser) -> None:
    """A command without arguments of its own."""


class _Command(NamedTuple):
    """One subcommand."""

    name: str
    module: str
    """Below `agent.commands`; empty where the commands below it say."""
    text: str
    arguments: Callable[[argparse.ArgumentParser], None]


_COMMANDS = (
    _Command("scan", "scan", "扫描本机 / scan this host", _scan),
    _Command("query", "query", "用 SQL 查看本机事实 / look at facts in SQL", _query),
    _Command("tables", "tables", "数据字典 / the data dictionary", _tables),
    _Command(
        "explain",
        "explain",
        "哪些数据会离开本机，为什么，有多大 / what leaves this host, why, how much",
        _explain,
    ),
    _Command(
        "agent",
        "daemon",
        "后台服务：按计划扫描并上报 / the daemon: scan and send on schedule",
        _nothing,
    ),
    _Command("status", "status", "纳管、报告链、待发队列 / enrolment, chain, spool", _answers),
    _Command("enroll", "enroll", "纳管到服务器 / enrol with a server", _enroll),
    _Command("send", "send", "上报待发队列并取回回执 / send the spool, fetch receipts", _nothing),
    _Command("export", "export", "离线导出待发队列 / export the spool to a medium", _export),
    _Command("import", "import_", "离线导入回执和检查策略 / import receipts and policies", _import),
    _Command(
        "record",
        "record",
        "记录本机，供别处检查 / record this host, to be judged elsewhere",
        _record,
    ),
    _Command("verify", "verify", "离线核验签名、报告链、判定和得分 / verify offline", _verify),
    _Command(
        "match",
        "match",
        "手中的设备是否记录在案 / is this device the one on record",
        _match,
    ),
    _Command("policy", "", "编写检查策略 / writing policies", _policy),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is the answer in short."""
    words = sys.argv[1:] if argv is None else list(argv)
    known = {command.name for command in _COMMANDS}
    args = parser(words[0] if words and words[0] in known else None).parse_args(words)
    if args.verbose:
        log_to_stderr("DEBUG")
    lang = language(args.lang)
    args.lang = lang
    try:
        run = importlib.import_module(f"agent.commands.{args.module}").run
        code: int = run(args)
        sys.stdout.flush()
    except AgentError as e:
        talk(pick(lang, f"anfang: {e.zh}", f"anfang: {e.en}"))
        return e.exit_code
    except KeyboardInterrupt:
        talk(pick(lang, "anfang: 已中断", "anfang: interrupted"))
        return 3
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 3
    except Exception:  # noqa: BLE001  # the interpreter's own 1 would say "violations" or "forged"
        sys.excepthook(*sys.exc_info())
        return 3
    return code


if __name__ == "__main__":
    sys.exit(main())
