"""`anfang policy usbguard`: a register of USB storage as rules for USBGuard."""

import argparse
import sys

from agent.commands.policy_usb import register
from agent.say import pick, talk
from policies.usbguard import rules, unfit

_WHY = {
    "number": ("厂商或产品编号不是 4 位十六进制数", "vendor or product is not 4 hex digits"),
    "pseudonym": (
        "序列号为去标识化值，USBGuard 需要设备自身的序列号",
        "the serial number is de-identified, USBGuard needs the device's own",
    ),
}


def run(args: argparse.Namespace) -> int:
    """0; 3 if a row could not become a rule."""
    rows = register(args.register, None)
    for rule in rules(rows):
        print(rule)
    left = [(row, why) for row in rows if (why := unfit(row)) is not None]
    for row, why in left:
        talk(f"{args.register}:{row.line}: {pick(args.lang, *_WHY[why])}")
    if sys.stdout.isatty():
        talk(
            pick(
                args.lang,
                "写入 /etc/usbguard/rules.d/ 前先列入在用键盘和鼠标（usbguard generate-policy）。",
                "Before this goes to /etc/usbguard/rules.d/, list keyboards and mice in use "
                "(usbguard generate-policy).",
            )
        )
    return 3 if left else 0
