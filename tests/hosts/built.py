"""The hosts that are kept here as text, made into recordings or into directories.

A host's text says all there is: a directory lists what the text has below it and nothing else, so
what is not in the text was not there. `-> target` is a link, a path that ends in `/` an empty
directory.
"""

import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from collectors import recorder
from tests.collectors.roots import root

HOSTS = Path(__file__).parent
_CHANGED = 1_795_200_000
"""When everything was changed last, in seconds since the epoch."""
_PROC = (0, 21)
"""The device number of /proc, as its line of mountinfo has it."""
_LINK = "-> "


def built(name: str, file: Path, also: Mapping[str, bytes] | None = None) -> Path:
    """The host `name` as a recording in the new file `file`; `also` has more files of it."""
    host = _text(name)
    files = {place: str(content).encode() for place, content in host["files"].items()}
    made = recorder.Recording()
    made.entries.clear()
    proc = os.makedev(*host["about"].get("proc_device", _PROC))
    for place, content in {**files, **(also or {})}.items():
        device = proc if place.startswith("/proc/") else 1
        _add(made, place, content, device)
    for answer in host["programs"]:
        outputs = {out: _kept(made, answer.get(out, "").encode()) for out in ("stdout", "stderr")}
        code = answer.get("returncode", 0)
        made.answers.append({"argv": answer["argv"], "returncode": code, **outputs})
    recorder.write(str(file), recorder.members(_head(host["about"], made), made))
    return file


def unpacked(name: str, directory: Path) -> Path:
    """The files of the host `name` below `directory`, as a mounted disk would have them."""
    files = {place: str(content) for place, content in _text(name)["files"].items()}
    root(directory, {place: text for place, text in files.items() if not place.endswith("/")})
    for place in files:
        if place.endswith("/"):
            (directory / place.strip("/")).mkdir(parents=True, exist_ok=True)
    return directory


def _text(name: str) -> dict[str, Any]:
    text: dict[str, Any] = yaml.safe_load((HOSTS / f"{name}.yaml").read_text("utf-8"))
    return text


def _add(made: recorder.Recording, place: str, content: bytes, device: int) -> None:
    """One file, link or directory, and the directories it lies in."""
    above, _, name = place.rstrip("/").rpartition("/")
    if above not in ("", *made.entries):
        _add(made, above + "/", b"", device)
    top = made.entries.setdefault("/", _entry(stat.S_IFDIR | 0o755, 1, names=[]))
    listing = made.entries[above]["names"] if above else top["names"]
    if name not in listing:
        listing.append(name)
        listing.sort()
    if place.endswith("/"):
        directory = _entry(stat.S_IFDIR | 0o755, device, names=[])
        made.entries.setdefault(place.rstrip("/"), directory)
    elif content.startswith(_LINK.encode()):
        target = content.decode().removeprefix(_LINK)
        made.entries[place] = _entry(stat.S_IFLNK | 0o777, device, target=target)
    else:
        entry = _entry(stat.S_IFREG | 0o644, device, len(content), content=_kept(made, content))
        made.entries[place] = entry


def _entry(mode: int, device: int, size: int = 0, **found: object) -> dict[str, Any]:
    return {"stat": [mode, 1, device, 1, 0, 0, size, *[_CHANGED] * 3, 0, 4096], **found}


def _kept(made: recorder.Recording, data: bytes) -> str:
    digest = hashlib.sha256(data).hexdigest()
    made.contents[digest] = data
    return digest


def _head(about: dict[str, Any], made: recorder.Recording) -> dict[str, Any]:
    request = {"tables": [], "paths": ["/**"], "programs": [], "dumps": []}
    head = recorder.manifest(request, made, "by hand")
    named = ("recorded", "hostname", "kernel", "architecture", "page_size")
    view = {"uid": 0, "capabilities": "000001ffffffffff", "namespaces": {}, "hidepid": "off"}
    return {**head, **{key: about[key] for key in named}, "view": view}
