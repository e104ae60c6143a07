"""The program `anfang-server`: parse, call one function, turn what went wrong into words.

Exit codes: 0 done · 1 reports differ (`rejudge`) · 2 usage or a bad file · 3 could not be done.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from evidence import __version__
from policies import plain
from server import assigning, authority, clock, export, people, service, units
from server.config import DEFAULT_LISTEN
from server.errors import ServerError, UsageError
from server.rejudging import at_once
from server.rejudging.once import Result
from server.serve import configure_logging, serve
from server.service import Service
from server.store import queries

DEFAULT_DATA = Path("/var/lib/anfang-server")

_DESCRIPTION = """\
关键信息基础设施主机技术防范自查系统（服务器）
Technical-precaution self-inspection for critical information infrastructure: the server

  anfang-server init DATA --host-name 服务器名     初始化 / make a data directory
  anfang-server serve DATA                        启动服务 / serve
  anfang-server unit add 单位                      新增单位 / add a unit
  anfang-server unit assign 单位 --policy cii-host 下发检查策略 / assign policies
  anfang-server token create 单位                  生成注册码 / make an enrolment token
  anfang-server export 主机 FILE                   导出供离线核验 / export for offline verification
  anfang-server rejudge                           立即复算全部待复算的报告 / judge again what waits
"""
_EPILOG = """\
退出码 / exit codes: 0 完成 done · 1 复算不一致 reports differ
                     2 用法或文件有误 usage or a bad file · 3 未能完成 failed
本程序不得用于涉密信息系统。Not for classified systems (state secrets).
"""


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Wide enough for two languages on one line, whatever the terminal."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=110)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    args = parser().parse_args(argv)
    # What is made here holds keys and evidence: nobody else reads it, whatever the umask was.
    os.umask(0o077)
    configure_logging()
    try:
        done: int = args.run(args)
    except ServerError as e:
        print(f"错误：{e.zh}\nError: {e.en}", file=sys.stderr)
        return 2 if isinstance(e, UsageError) else 3
    return done


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    data = argparse.ArgumentParser(add_help=False)
    data.add_argument(
        "--data",
        metavar="DATA",
        type=Path,
        default=DEFAULT_DATA,
        help=f"数据目录，默认 {DEFAULT_DATA} / data directory",
    )
    top = argparse.ArgumentParser(
        prog="anfang-server", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=_Formatter
    )
    top.add_argument("--version", action="version", version=f"anfang-server {__version__}")
    commands = top.add_subparsers(title="命令 / commands", metavar="命令", required=True)
    _add_running(commands)
    _add_units(commands, data)
    _add_tokens(commands, data)
    _add_carrying(commands, data)
    _add_judging(commands, data)
    return top


def _add_running(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    init = commands.add_parser(
        "init", help="初始化数据目录 / make a data directory", formatter_class=_Formatter
    )
    init.add_argument("data", metavar="DATA", type=Path, nargs="?", default=DEFAULT_DATA)
    init.add_argument(
        "--host-name",
        metavar="NAME",
        action="append",
        dest="host_names",
        help="客户端访问所用的名称或地址，可多次；默认 localhost 和 127.0.0.1"
        " / a name or address agents use; repeatable",
    )
    init.add_argument(
        "--listen",
        metavar="ADDR:PORT",
        default=DEFAULT_LISTEN,
        help=f"监听地址，默认 {DEFAULT_LISTEN} / where to listen",
    )
    init.set_defaults(run=_init)
    serving = commands.add_parser("serve", help="启动服务 / serve", formatter_class=_Formatter)
    serving.add_argument("data", metavar="DATA", type=Path, nargs="?", default=DEFAULT_DATA)
    serving.set_defaults(run=_serve)


def _add_units(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", data: argparse.ArgumentParser
) -> None:
    unit = commands.add_parser("unit", help="单位 / units", formatter_class=_Formatter)
    actions = unit.add_subparsers(metavar="add|list|assign", required=True)
    add = actions.add_parser("add", help="新增单位 / add a unit", parents=[data])
    add.add_argument("name", metavar="单位")
    add.set_defaults(run=_unit_add)
    listing = actions.add_parser("list", help="列出单位 / list units", parents=[data])
    listing.set_defaults(run=_unit_list)
    assign = actions.add_parser(
        "assign",
        help="下发检查策略和登记册 / assign policies and registers",
        parents=[data],
        formatter_class=_Formatter,
    )
    assign.add_argument("name", metavar="单位")
    assign.add_argument(
        "--policy",
        metavar="P",
        action="append",
        required=True,
        help="检查策略文件（YAML 或编译后的 JSON）或自带名称，可多次 / a file or a shipped name",
    )
    assign.add_argument(
        "--register",
        metavar="NAME=FILE.csv",
        action="append",
        default=[],
        help="登记册，可多次 / a register; repeatable",
    )
    assign.add_argument(
        "--parameter",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="参数，可多次 / a parameter; repeatable",
    )
    assign.add_argument(
        "--interval",
        metavar="S",
        type=int,
        default=3600,
        help="上报间隔（秒），默认 3600 / seconds between reports",
    )
    assign.set_defaults(run=_unit_assign)


def _add_tokens(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", data: argparse.ArgumentParser
) -> None:
    token = commands.add_parser("token", help="注册码 / enrolment tokens")
    actions = token.add_subparsers(metavar="create|list|revoke", required=True)
    create = actions.add_parser(
        "create", help="生成注册码 / make a token", parents=[data], formatter_class=_Formatter
    )
    create.add_argument("unit", metavar="单位")
    create.add_argument(
        "--uses", metavar="N", type=int, default=1, help="可用次数，默认 1 / for how many hosts"
    )
    create.add_argument(
        "--hours", metavar="H", type=int, default=24, help="有效小时数，默认 24 / hours it is valid"
    )
    create.add_argument(
        "--zone", metavar="ZONE", default="default", help="安全分区 / security zone of the hosts"
    )
    create.set_defaults(run=_token_create)
    listing = actions.add_parser("list", help="列出注册码 / list tokens", parents=[data])
    listing.set_defaults(run=_token_list)
    revoke = actions.add_parser("revoke", help="撤销注册码 / revoke a token", parents=[data])
    revoke.add_argument("id", metavar="编号", type=int)
    revoke.set_defaults(run=_token_revoke)


def _add_carrying(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", data: argparse.ArgumentParser
) -> None:
    exporting = commands.add_parser(
        "export",
        help="导出一台主机的全部主机报告，供离线核验 / export a host for offline verification",
        parents=[data],
        formatter_class=_Formatter,
    )
    exporting.add_argument("host", metavar="主机", help="主机名或编号 / its name or id")
    exporting.add_argument("file", metavar="FILE", type=Path)
    exporting.set_defaults(run=_export)
    trust = commands.add_parser(
        "trust",
        help="导出信任目录 / write a trust directory",
        parents=[data],
        formatter_class=_Formatter,
    )
    trust.add_argument("directory", metavar="OUT_DIR", type=Path)
    trust.set_defaults(run=_trust)
    password = commands.add_parser(
        "password",
        help="重置用户口令 / give a person a new password",
        parents=[data],
        formatter_class=_Formatter,
    )
    password.add_argument("name", metavar="用户")
    password.set_defaults(run=_password)


def _add_judging(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", data: argparse.ArgumentParser
) -> None:
    again = commands.add_parser(
        "rejudge",
        help="立即复算全部待复算的主机报告 / judge again all reports that wait",
        description="按服务器保存的采集数据重新判定主机报告；未能复算的再试一次。"
        " / Judge reports again from the facts stored here; those that failed are tried again.",
        parents=[data],
        formatter_class=_Formatter,
    )
    again.add_argument("--unit", metavar="单位", help="只复算该单位 / of this unit alone")
    again.set_defaults(run=_rejudge)


def _init(args: argparse.Namespace) -> int:
    names = tuple(args.host_names or ("localhost", "127.0.0.1"))
    password = service.initialise(args.data, host_names=names, listen=args.listen)
    print(f"数据目录 / data directory: {args.data}")
    print(f"用户 / person: {service.ADMINISTRATOR}")
    print(f"口令（只显示这一次） / password (shown this once): {password}")
    return 0


def _serve(args: argparse.Namespace) -> int:
    serve(args.data)
    return 0


def _unit_add(args: argparse.Namespace) -> int:
    with closing(_open(args)) as opened, opened.store.write() as connection:
        units.add(connection, args.name)
    return 0


def _unit_list(args: argparse.Namespace) -> int:
    with closing(_open(args)) as opened, opened.store.read() as connection:
        for name in queries.unit_names(connection):
            print(name)
    return 0


def _unit_assign(args: argparse.Namespace) -> int:
    registers = {name: Path(file) for name, file in _pairs(args.register, "--register")}
    parameters = dict(_pairs(args.parameter, "--parameter"))
    read = [assigning.read_policy(name) for name in args.policy]
    with closing(_open(args)) as opened, opened.store.write() as connection:
        assignment = assigning.assign(
            connection,
            opened.log,
            units.get(connection, args.name),
            read,
            registers=registers,
            parameters=parameters,
            interval_s=args.interval,
        )
    print(f"序号 / serial: {assignment.serial}")
    for policy in assignment.policies:
        print(f"检查策略 / policy: {policy.policy} {policy.version} {policy.digest.sha256}")
    for register in assignment.registers:
        print(f"登记册 / register: {register.name} {register.digest.sha256}")
    return 0


def _token_create(args: argparse.Namespace) -> int:
    if args.uses < 1 or args.hours < 1:
        raise UsageError("--uses 和 --hours 至少为 1", "--uses and --hours are 1 at least")
    with closing(_open(args)) as opened, opened.store.write() as connection:
        token = units.create_token(
            connection,
            units.get(connection, args.unit),
            zone=args.zone,
            uses=args.uses,
            lifetime=timedelta(hours=args.hours),
            ca_public_key=authority.ca_public_key(opened.directory),
        )
    # Alone on standard output, so that a script can take it.
    print(token)
    return 0


def _token_list(args: argparse.Namespace) -> int:
    with closing(_open(args)) as opened, opened.store.read() as connection:
        for token in units.list_tokens(connection):
            until = clock.moment(token.expires_at).astimezone(clock.BEIJING)
            state = "已撤销 revoked" if token.revoked_at else f"有效至 until {until:%Y-%m-%d %H:%M}"
            print(f"{token.id}\t{token.unit}\t{token.zone}\t{token.used}/{token.uses}\t{state}")
    return 0


def _token_revoke(args: argparse.Namespace) -> int:
    with closing(_open(args)) as opened, opened.store.write() as connection:
        units.revoke_token(connection, args.id)
    return 0


def _export(args: argparse.Namespace) -> int:
    with closing(_open(args)) as opened:
        size = export.write_host(opened, args.host, args.file)
    print(f"{args.file}: {size} 字节 / bytes")
    return 0


def _trust(args: argparse.Namespace) -> int:
    with closing(_open(args)) as opened:
        print(export.write_trust(opened, args.directory))
    return 0


def _password(args: argparse.Namespace) -> int:
    password = people.random_password()
    with closing(_open(args)) as opened, opened.store.write() as connection:
        people.set_password(connection, args.name, password)
    print(f"口令（只显示这一次） / password (shown this once): {password}")
    return 0


def _rejudge(args: argparse.Namespace) -> int:
    with closing(_open(args)) as opened:
        found = at_once.rejudge_all(opened, args.unit)
    print(f"已复算 / judged again: {found.counts.total()}")
    for result, zh, en in _RESULTS:
        print(f"  {zh} / {en}: {found.counts[result]}")
    for said in found.contradictions:
        print(
            f"不一致 / differs: {plain.visible(said.host.name)} {said.host.id} "
            f"第 {said.sequence} 份 / report {said.sequence} {said.digest}"
        )
        for each in said.differences:
            text = f"{each.what} {each.field}: 所报 said {each.said} · 复算 found {each.found}"
            print(f"  {plain.visible(text)}")
        if said.different > len(said.differences):
            more = said.different - len(said.differences)
            print(f"  另有 {more} 处 / {more} more")
    if found.contradictions:
        return 1
    return 3 if found.counts["failed"] or found.counts["unchecked"] else 0


_RESULTS: tuple[tuple[Result, str, str], ...] = (
    ("equal", "一致", "equal"),
    ("differs", "不一致", "differs"),
    ("unchecked", "未能全部复算", "not all could be compared"),
    ("failed", "复算中断", "broke off"),
)


def _open(args: argparse.Namespace) -> Service:
    return service.open_service(args.data)


def _pairs(given: Sequence[str], option: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(
                f"{option} 应写作 名称=值，现为 {text!r}", f"{option} is NAME=VALUE, not {text!r}"
            )
        if name in dict(pairs):
            raise UsageError(f"{option} {name} 给出了两次", f"{option} {name} is given twice")
        pairs.append((name, value))
    return pairs
