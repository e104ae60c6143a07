"""`anfang export`: what would be sent, as one file to be carried."""

import argparse
import sys
from pathlib import Path

from agent.commands.common import permitted, state_of
from agent.errors import InputError
from agent.exchange import export
from agent.say import pick, talk
from evidence import parcel
from evidence.files import write_atomic


def run(args: argparse.Namespace) -> int:
    """0 once it is written."""
    config = permitted(args)
    state = state_of(config)
    state.require_enrolled()
    carried = export(state, everything=args.all)
    data = parcel.write(carried)
    if args.file == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        try:
            write_atomic(Path(args.file).absolute(), data, mode=0o600)
        except OSError as e:
            raise InputError(
                f"{args.file}: 无法写入：{e.strerror}", f"{args.file}: cannot write: {e.strerror}"
            ) from e
    talk(
        pick(
            args.lang,
            f"已导出 {len(carried.envelopes)} 份已签名材料，{len(data)} 字节；"
            "导入回执之前，待发队列保持不变",
            f"{len(carried.envelopes)} signed statement(s) exported, {len(data)} bytes; the spool "
            "stays as it is until receipts are imported",
        )
    )
    return 0
