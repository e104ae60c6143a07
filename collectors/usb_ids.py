"""Names of USB vendors and products, from the database that distributions ship as usb.ids."""

from collections.abc import Sequence

from collectors.host import Host
from collectors.sysfs import plain
from evidence.canonical import Cell

_FILES = (
    "/usr/share/hwdata/usb.ids",
    "/usr/share/misc/usb.ids",
    "/var/lib/usbutils/usb.ids",
)


def named(host: Host, rows: Sequence[dict[str, Cell]]) -> list[dict[str, Cell]]:
    """`rows` of usb_devices; those that do not say vendor or model get them by their numbers."""
    if all(row["vendor"] != "" and row["model"] != "" for row in rows):
        return list(rows)
    database = _database(host)
    completed = []
    for row in rows:
        vendor, model = _names(database, str(row["vendor_id"]), str(row["model_id"]))
        completed.append(
            {
                **row,
                "vendor": vendor if row["vendor"] == "" else row["vendor"],
                "model": model if row["model"] == "" else row["model"],
            }
        )
    return completed


def _database(host: Host) -> bytes:
    """The first database that can be read; empty when there is none."""
    for path in _FILES:
        try:
            return host.read(path)
        except OSError:  # a name for people is not worth a condition: the numbers are there
            continue
    return b""


def _names(database: bytes, vendor_id: str, model_id: str) -> tuple[str, str]:
    """Vendor and product; a line is `vvvv  name`, each of its products `<tab>pppp  name`."""
    start = database.find(f"\n{vendor_id}  ".encode()) + 1
    if start == 0:
        return "", ""
    vendor, *following = database[start:].split(b"\n", 4096)
    wanted = f"\t{model_id}  ".encode()
    model = b""
    for line in following:
        if not line.startswith((b"\t", b"#")):
            break
        if line.startswith(wanted):
            model = line.removeprefix(wanted)
            break
    return plain(vendor[6:]), plain(model)
