"""`anfang match`: is the device in the hand the one on record?"""

import argparse
import sys
from collections.abc import Iterator
from itertools import chain

from agent.commands.common import permitted, print_json, state_of
from agent.errors import InputError, NotEnrolledError
from agent.matching import Certainty, Device, Matched, carried, matched, spooled
from agent.say import BOLD, DIM, GREEN, RED, YELLOW, Lang, Paint, pick, talk
from agent.spool import Spool
from collectors.host import LiveHost
from collectors.usb import usb_devices
from facts.pseudonym import Pseudonym
from facts.reasons import say
from policies.plain import beijing, visible

MOST = 20
"""How many records of one device are shown."""

_EXIT = {
    Certainty.SAME: 0,
    Certainty.ABSENT: 1,
    Certainty.SHARED: 3,
    Certainty.SERIAL_ONLY: 3,
    Certainty.MODEL_ONLY: 3,
    Certainty.UNKNOWN: 3,
}
_COLOURS = {0: GREEN, 1: RED, 3: YELLOW}
_MARKS = {0: "✓", 1: "✗", 3: "?"}
_SAID = {
    Certainty.SAME: (
        "记录在案：序列号、厂商和产品编号均与记录一致",
        "on record: serial number, vendor and product are those recorded",
    ),
    Certainty.SHARED: (
        "无法确定：编号与记录一致，但该序列号为多个设备共用，可能是同批次的另一个",
        "cannot tell: it is as recorded, but others have this serial number, it may be another",
    ),
    Certainty.SERIAL_ONLY: (
        "无法确定：序列号与记录一致，厂商或产品编号不一致或未给出",
        (
            "cannot tell: the serial number is on record, with another vendor or product, or these "
            "were not given"
        ),
    ),
    Certainty.MODEL_ONLY: (
        "无法确定：设备没有序列号，记录中有同型号且没有序列号的设备",
        "cannot tell: it has no serial number, and devices of its model without one are on record",
    ),
    Certainty.ABSENT: ("不在所查的记录中", "not in the records that were looked at"),
    Certainty.UNKNOWN: (
        "无法确定：没有序列号，也没有给出厂商和产品编号",
        "cannot tell: no serial number, and no vendor and product were given",
    ),
}


def run(args: argparse.Namespace) -> int:
    """0 if every device is on record, 1 if one is not, 3 if it cannot be told of one."""
    state = state_of(permitted(args))
    key = state.pseudonym_key
    if key is None:
        raise NotEnrolledError
    records = list(chain(spooled(Spool(state)), *map(carried, args.files)))
    pseudonym = Pseudonym(bytes.fromhex(key))
    found = [matched(device, records, pseudonym) for device in _devices(args)]
    if args.json:
        print_json([_as_json(each) for each in found])
    else:
        paint = Paint(sys.stdout)
        for each in found:
            for line in _lines(each, args.lang, paint):
                print(line)
        talk(
            pick(
                args.lang,
                f"查了待发队列和所给文件中的 {len(records)} 条设备记录。本命令不核验签名，"
                "核验请用 anfang verify。",
                f"Looked at {len(records)} records of devices in the spool and the files. "
                "Signatures are not verified here: anfang verify does that.",
            )
        )
    codes = {_EXIT[each.certainty] for each in found}
    return next((code for code in (1, 3) if code in codes), 0)


def _devices(args: argparse.Namespace) -> Iterator[Device]:
    """The device that the command line names, else those that are attached."""
    if args.serial is not None or args.id is not None:
        serial = sys.stdin.readline().strip() if args.serial == "-" else args.serial or ""
        vendor, colon, model = (args.id or ":").partition(":")
        if not colon:
            raise InputError(
                f"--id {args.id}: 应为 厂商:产品，如 0781:5567",
                f"--id {args.id}: must be VENDOR:PRODUCT, such as 0781:5567",
            )
        yield Device(vendor.lower(), model.lower(), serial)
        return
    seen = usb_devices(LiveHost(), frozenset({"vendor", "model"}))
    if not seen.condition.complete and seen.condition.reason is not None:
        zh, en = (say(seen.condition.reason, lang) for lang in ("zh", "en"))
        raise InputError(f"无法读取已接入的设备：{zh}", f"attached devices cannot be read: {en}")
    for row in seen.rows:
        cells = {name: str(cell or "") for name, cell in row.items()}
        if cells["class"] == "09":
            continue  # a hub, which nobody looks for
        yield Device(
            cells["vendor_id"],
            cells["model_id"],
            cells["serial"],
            cells["port_path"],
            f"{cells['vendor']} {cells['model']}".strip(),
        )


def _lines(found: Matched, lang: Lang, paint: Paint) -> Iterator[str]:
    device, code = found.device, _EXIT[found.certainty]
    numbers = f"{device.vendor_id}:{device.model_id}" if device.vendor_id else ""
    title = " ".join(filter(None, (device.name, numbers, device.port_path)))
    yield paint(visible(title) or pick(lang, "所问设备", "the device asked about"), BOLD)
    yield f"  {paint(_MARKS[code], _COLOURS[code])} {pick(lang, *_SAID[found.certainty])}"
    shown = found.pseudonym or pick(lang, "无（没有序列号）", "none (no serial number)")
    yield f"    {pick(lang, '去标识化序列号', 'pseudonym')}: {shown}"
    for record in found.records[:MOST]:
        what = record.action or pick(lang, "在接入状态", "attached")
        number = pick(lang, f"第 {record.sequence} 份", f"report {record.sequence}")
        parts = (number, beijing(record.at), what, record.port_path, record.host, record.table)
        yield "    " + paint(visible(" · ".join(filter(None, parts))), DIM)
    if len(found.records) > MOST:
        more = len(found.records) - MOST
        yield "    " + pick(lang, f"另有 {more} 条", f"{more} more")


def _as_json(found: Matched) -> dict[str, object]:
    return {
        **found.device._asdict(),
        "pseudonym": found.pseudonym,
        "certainty": found.certainty.value,
        "records": [record._asdict() for record in found.records],
    }
