"""The program `anfang`: parse, call one subcommand, turn what went wrong into words and a code.

Exit codes: 0 all well · 1 violations, or not authentic · 2 usage or a bad file · 3 could not
tell, or failed. Subcommands are imported when they are asked for, so that starting stays cheap.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from agent.errors import AgentError
from agent.say import language, log_to_stderr, pick, talk
from evidence import __version__

_DESCRIPTION = """\
关键信息基础设施主机技术防范自查 (客户端)
Technical-precaution self-inspection for hosts of critical information infrastructure

  anfang scan                        扫描本机, 在终端显示合规总览 / scan this host, show a scorecard
  anfang query 'SQL'                 用 SQL 查看本机事实 / look at facts in SQL
  anfang explain                     哪些数据会离开本机, 为什么 / what leaves this host, and why
  anfang enroll URL --token T        纳管到服务器 / enrol with a server
  anfang verify --trust DIR FILE…    离线核验 / verify offline
"""
_EPILOG = """\
退出码 / exit codes: 0 全部正常 all well · 1 有不符合项, 或核验不通过 violations, or not authentic
                     2 用法或文件有误 usage or a bad file · 3 无法判定或未完成 cannot tell, failed
本程序不得用于涉密信息系统。Not for classified systems (涉密信息系统).
"""


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Wide enough for two languages on one line, whatever the terminal: help is also a document."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=110)


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    common = argparse.ArgumentParser(add_help=False)
    group = common.add_argument_group("通用 / common")
    group.add_argument("--state", metavar="DIR", help="状态目录 / state directory")
    group.add_argument("--config", metavar="FILE", type=Path, help="配置文件 / configuration file")
    group.add_argument("--lang", choices=("zh", "en"), help="语言, 默认随系统 / language")
    group.add_argument("-v", "--verbose", action="store_true", help="详细日志 / log more")
    answers = argparse.ArgumentParser(add_help=False)
    answers.add_argument("--json", action="store_true", help="以 JSON 输出 / JSON on stdout")

    top = argparse.ArgumentParser(
        prog="anfang", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=_Formatter
    )
    top.add_argument("--version", action="version", version=f"anfang {__version__}")
    commands = top.add_subparsers(
        title="命令 / commands", metavar="命令", dest="command", required=True
    )

    def add(
        name: str, module: str, text: str, *parents: argparse.ArgumentParser
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name,
            help=text,
            description=text,
            parents=[*parents, common],
            formatter_class=_Formatter,
        )
        command.set_defaults(module=module)
        return command

    scan = add("scan", "scan", "扫描本机 / scan this host", answers)
    scan.add_argument(
        "--policy",
        metavar="P",
        action="append",
        default=[],
        help="检查策略: 文件或自带名称, 可多次; 默认用服务器下发的, 未纳管时用 cii-host"
        " / a policy file or the name of a shipped one; default: the assigned ones, else cii-host",
    )
    scan.add_argument(
        "--root", metavar="DIR", default="/", help="扫描另一个根目录 / scan another root"
    )
    scan.add_argument(
        "--out", metavar="FILE", help="同时写出已签名的检查材料 / also write a signed parcel"
    )
    scan.add_argument(
        "--trigger",
        choices=("manual", "schedule", "enrolment"),
        default="manual",
        help="记录由何触发 / what set it off, as recorded",
    )
    query = add("query", "query", "用 SQL 查看本机事实 / look at facts in SQL", answers)
    query.add_argument(
        "sql", metavar="SQL", nargs="?", help="一条 SELECT; 省略则逐条读标准输入 / default: stdin"
    )
    query.add_argument("--csv", action="store_true", help="以 CSV 输出 / CSV on stdout")
    query.add_argument("--root", metavar="DIR", default="/", help="另一个根目录 / another root")
    tables = add("tables", "tables", "数据字典 / the data dictionary", answers)
    tables.add_argument("name", metavar="表名", nargs="?", help="只看一张表 / one table only")
    explain = add(
        "explain",
        "explain",
        "哪些数据会离开本机, 为什么, 有多大 / what leaves this host, why, how much",
        answers,
    )
    explain.add_argument("--policy", metavar="P", action="append", default=[], help="同 scan")
    add("agent", "daemon", "后台服务: 按计划扫描并上报 / the daemon: scan and send on schedule")
    add("status", "status", "纳管、报告链、待发队列 / enrolment, chain, spool", answers)
    enroll = add("enroll", "enroll", "纳管到服务器 / enrol with a server")
    enroll.add_argument("url", metavar="URL", help="服务器地址 https://… / the server's address")
    enroll.add_argument("--token", required=True, help="注册码, - 表示从标准输入读 / token, or -")
    add("send", "send", "上报待发队列并取回回执 / send the spool, fetch receipts")
    export = add("export", "export", "离线导出待发队列 / export the spool to a medium")
    export.add_argument("file", metavar="FILE", help="文件, - 为标准输出 / a file, - for stdout")
    export.add_argument(
        "--all",
        action="store_true",
        help="也含已有回执的主机报告及其回执 / also what has its receipt, with it",
    )
    import_ = add("import", "import_", "离线导入回执和检查策略 / import receipts and policies")
    import_.add_argument("file", metavar="FILE", help="文件, - 为标准输入 / a file, - for stdin")
    verify = add("verify", "verify", "离线核验签名、报告链、判定和得分 / verify offline", answers)
    verify.add_argument(
        "--trust", metavar="DIR", type=Path, help="信任目录, 默认本机的 / whom to trust"
    )
    verify.add_argument("files", metavar="FILE", nargs="+", type=Path, help="检查材料 / parcels")
    policy = commands.add_parser(
        "policy", help="检查策略的编写 / writing policies", formatter_class=_Formatter
    )
    policies = policy.add_subparsers(metavar="lint|test", dest="action", required=True)
    for name, text in (
        ("lint", "查错 / find mistakes"),
        ("test", "运行策略自带的测试 / run a policy's own tests"),
    ):
        sub = policies.add_parser(
            name, help=text, description=text, parents=[answers, common], formatter_class=_Formatter
        )
        sub.add_argument(
            "policies",
            metavar="P",
            nargs="*",
            help="文件或名称, 默认全部自带策略 / default: all shipped",
        )
        sub.set_defaults(module="policy")
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is the answer in short."""
    args = parser().parse_args(argv)
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
    return code


if __name__ == "__main__":
    sys.exit(main())
