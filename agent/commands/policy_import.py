"""`anfang policy import`: a policy drafted of Fleet's, osquery's or Wazuh's."""

import argparse
import re
import sys
from datetime import UTC, datetime

from agent import clock
from agent.commands.common import print_json
from agent.errors import InputError
from agent.say import Lang, pick, talk
from policies.errors import MalformedPolicyError
from policies.imports import candidates
from policies.imports_draft import draft, written
from policies.nodes import MAX_BYTES
from policies.plain import visible

_WHY = {
    "platform": ("用于其他操作系统", "for another system"),
    "kind": ("不是策略，只是查询", "a query and no policy"),
    "command": ("需要执行命令", "it runs a command"),
    "content": ("需要读取文件内容，本系统不采集", "it reads contents, which are not collected"),
    "rule": ("规则写法无法识别", "a rule that is not understood"),
    "empty": ("没有查询语句", "no query"),
}


def run(args: argparse.Namespace) -> int:
    """0; 3 if something had to be left out."""
    try:
        with args.file.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        found = list(candidates(data, str(args.file)))
    except OSError as e:
        raise InputError(
            f"{args.file}: 无法读取：{e.strerror}", f"{args.file}: cannot be read: {e.strerror}"
        ) from e
    except MalformedPolicyError as e:
        raise InputError(f"无法导入：\n{e}", f"cannot be imported:\n{e}") from e
    today = datetime.fromisoformat(clock.now()).astimezone(UTC)
    policy, left = draft(_name(args.file.stem), f"{today.year}.{today.month}.0", found)
    if args.json:
        print_json({"policy": policy, "left_out": left})
    elif policy["checks"]:
        sys.stdout.write(written(policy))
    for each in left:
        talk(visible(f"{each.name}: {_why(each.reason, args.lang)}"))
    taken = len(policy["checks"])
    talk(
        pick(
            args.lang,
            f"导入 {taken} 项，未导入 {len(left)} 项。草稿须补全译文、依据和测试用例。",
            f"{taken} taken, {len(left)} left out. The draft wants translation, clauses, tests.",
        )
    )
    return 3 if left or not taken else 0


def _name(stem: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-0123456789")[:60] or "imported"


def _why(reason: str, lang: Lang) -> str:
    return pick(lang, *_WHY.get(reason, (reason, reason)))
