"""Records what a host's facts are read from into one file, to be judged elsewhere.

Needs Python 3.6 or later and its standard library, nothing else: this very text is also handed out
as one program for hosts that are too old for the agent (scripts/recorder.py). It reads the files
and directories it is told by pattern, asks the programs it is told with the arguments it is told,
asks the kernel for its table of links, addresses and routes, and writes one new file. It opens no
connection, follows no link out of /proc/<pid>, and opens regular files only.

A recording is a tar archive of regular files, in this order (docs/adr/0011-recordings.md):

    manifest.json       when, by whom, of which machine, what was asked, which limits were hit
    entries.jsonl       one line for each path: metadata, and what was found or why it was not
    answers.jsonl       one line for each program and each table of the kernel
    content/<sha256>    what files held and programs said, each once
"""

import argparse
import errno
import gzip
import hashlib
import io
import json
import os
import re
import selectors
import shlex
import signal
import socket
import stat
import struct
import subprocess
import sys
import time
from typing import Any, Dict, Iterator, List, Optional, Pattern, Sequence, Tuple

from collectors.reducing import answered, forbidden, nameless, reduced

FORMAT = "anfang-recording"
VERSION = 1
MAX_FILE = 64 * 1024 * 1024
"""The most one file or one answer may hold, in bytes."""
MAX_TOTAL = 192 * 1024 * 1024
"""The most all of them may hold."""
MAX_ENTRIES = 400000
"""The most paths in one recording."""
MAX_DEPTH = 24
"""How many directories deep a pattern that ends in `/**` goes."""

IMPACT = (
    (
        "本程序只读取所列的配置文件和内核状态，并以固定参数运行所列的系统程序，不联网，除输出文件外"
        "不写入任何内容。通常用时数秒，占用处理器一至数秒、内存数十兆字节，无需停机，可随时中断。"
        "输出文件包含账号名、序列号、网络地址等未经去标识化的标识信息（不含口令散列、私钥、"
        "进程命令行和环境变量），应按内部敏感文件保管，用后销毁。"
    ),
    (
        "This program only reads the configuration files and kernel state it lists and runs the "
        "system programs it lists with fixed arguments. It uses no network and writes nothing but "
        "the output file. It usually takes seconds, one to a few of them of processor time, and "
        "tens of megabytes of memory; nothing has to be stopped, and it can be interrupted at any "
        "time. The output holds identifiers in clear, such as account names, serial numbers and "
        "network addresses (no password hashes, private keys, command lines or environments): "
        "keep it under control and destroy it after use."
    ),
)

BLOCK = 512
"""What a tar archive is made of, in bytes."""

_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
_MAX_LINKS = 40
_TIMEOUT_S = 20
_MAX_SAID = 64 * 1024
_CHUNK = 65536
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_NLM_F_REQUEST_DUMP, _NLM_F_DUMP_INTR = 0x301, 0x10
_ELF = b"\x7fELF"
_WILD = re.compile(r"<[^>]*>|\*")
_PASSWD = 7  # fields in a line of it
_NUMBER, _HOME = "<pid>", "<home>"
_IN_PROCESS = re.compile(r"/proc/[0-9]+/")

_UNENTERED = "/proc/sys/fs/binfmt_misc"  # looking into it would mount it


def follows(link: str) -> bool:
    """Whether a link is one to follow: those of a process lead into other views of the host."""
    return not _IN_PROCESS.match(link)


def escaped(raw: bytes) -> str:
    r"""A path as JSON can hold it: a backslash doubled, an undecodable byte as `\xNN`."""
    text = raw.decode("utf-8", "surrogateescape").replace("\\", "\\\\")
    return "".join(f"\\x{ord(c) - 0xDC00:02x}" if "\udc80" <= c <= "\udcff" else c for c in text)


class Recording:
    """What was found so far; every path stands under where it really is, links resolved."""

    def __init__(self) -> None:
        self.started = _now()
        self.entries: Dict[str, Dict[str, Any]] = {}
        self.answers: List[Dict[str, Any]] = []
        self.contents: Dict[str, bytes] = {}
        self.limits: List[str] = []
        self._size = 0
        self._places: Dict[str, Optional[str]] = {"/": "/"}
        self._note("/")

    def add(self, pattern: str) -> None:
        """Take in every path that `pattern` stands for."""
        home, _, below = pattern.partition("/")
        for base in self._homes() if home == _HOME else [home]:
            self._expand(base, [part for part in below.split("/") if part])

    def ask(self, argv: Sequence[str]) -> None:
        """Take in what the program at the absolute path `argv[0]` answers."""
        answer: Dict[str, Any] = {"argv": list(argv)}
        self.answers.append(answer)
        self._place(argv[0])
        try:
            code, stdout, stderr = _run(argv)
            said = [self._keep(answered(argv[0], out)) for out in (stdout, stderr[:_MAX_SAID])]
        except subprocess.TimeoutExpired:
            answer["left"] = self._limit("too_slow", argv[0])
        except _TooLargeError:
            answer["left"] = self._limit("too_large", argv[0])
        except OSError as e:
            answer["errno"] = e.errno
        else:
            answer["returncode"], (answer["stdout"], answer["stderr"]) = code, said

    def dump(self, kind: int) -> None:
        """Take in the kernel's table of one kind of rtnetlink objects."""
        answer: Dict[str, Any] = {"dump": kind}
        self.answers.append(answer)
        try:
            answer["data"] = self._keep(_netlink(kind))
        except _TooLargeError:
            answer["left"] = self._limit("too_large", "rtnetlink")
        except OSError as e:
            answer["errno"] = e.errno or errno.EIO

    def _homes(self) -> List[str]:
        """The home directories in /etc/passwd."""
        try:
            data = _read("/etc/passwd") or b""
        except (OSError, _TooLargeError):
            return []
        fields = (line.split(b":") for line in data.split(b"\n"))
        homes = {os.fsdecode(found[5]) for found in fields if len(found) == _PASSWD}
        return sorted({home.rstrip("/") for home in homes if home.startswith("/")})

    def _expand(self, base: str, parts: List[str]) -> None:
        if not parts:
            self._take(base or "/")
        elif parts == ["**"]:
            self._below(base or "/", MAX_DEPTH)
        elif _WILD.search(parts[0]):
            pattern = _name_pattern(parts[0])
            for name in self._names(base or "/"):
                if pattern.match(name):
                    self._expand(f"{base}/{name}", parts[1:])
        else:
            self._expand(f"{base}/{parts[0]}", parts[1:])

    def _below(self, path: str, depth: int) -> None:
        """All below a directory; directories behind links are noted and not gone into."""
        if depth == 0:
            self._limit("too_deep", path)
            return
        for name in self._names(path):
            below = "{}/{}".format(path.rstrip("/"), name)
            mode = self._note(below).get("stat", (0,))[0]
            if stat.S_ISDIR(mode):
                self._below(below, depth - 1)
            else:
                self._take(below, listed=False)

    def _take(self, path: str, *, listed: bool = True) -> None:
        """A file's content, a directory's names, a link and what it leads to."""
        place = self._place(path)
        entry = self.entries.get(place or "")
        if place is None or entry is None or "stat" not in entry:
            return
        mode = entry["stat"][0]
        if stat.S_ISDIR(mode):
            if listed:
                self._names(place)
        elif stat.S_ISREG(mode) and not {"content", "errno", "left"} & set(entry):
            self._content(path, place, entry)

    def _content(self, asked: str, place: str, entry: Dict[str, Any]) -> None:
        """The content of the file that is at `place`, reduced as both its names ask for."""
        if forbidden(asked) or forbidden(place):
            entry["left"] = "secret"
            return
        try:
            data = _read(place)
            if data is None:
                entry["left"] = "program"
                return
            kept = reduced(place, data)
            if kept is not None and asked != place:
                kept = reduced(asked, kept)
            if kept is None:
                entry["left"] = "secret"
                return
            entry["content"] = self._keep(kept)
            if kept != data:
                entry["reduced"] = True
        except _TooLargeError:
            entry["left"] = self._limit("too_large", place)
        except OSError as e:
            entry["errno"] = e.errno

    def _names(self, path: str) -> List[str]:
        """The names in a directory, which become part of its entry."""
        place = self._place(path)
        entry = self.entries.get(place or "")
        if place is None or entry is None or not stat.S_ISDIR(entry.get("stat", (0,))[0]):
            return []
        if "names" not in entry and "errno" not in entry and place != _UNENTERED:
            try:
                entry["names"] = sorted(os.listdir(place), key=os.fsencode)
            except OSError as e:
                entry["errno"] = e.errno
        return list(entry.get("names", ()))

    def _place(self, path: str) -> Optional[str]:
        """Where `path` really is, each step on the way noted; None where the way ends."""
        if path in self._places:
            return self._places[path]
        place = None
        parts, real, links = path.split("/")[::-1], "", 0
        while parts:
            part = parts.pop()
            if part in ("", "."):
                continue
            if part == "..":
                real = real.rpartition("/")[0]
                continue
            step = f"{real}/{part}"
            entry = self._note(step)
            if "stat" not in entry:
                break
            if "target" not in entry or not follows(step):
                real = step
                continue
            links += 1
            if links > _MAX_LINKS:
                break
            real = "" if entry["target"].startswith("/") else real
            parts += entry["target"].split("/")[::-1]
        else:
            place = real or "/"
        self._places[path] = place
        return place

    def _note(self, path: str) -> Dict[str, Any]:
        """The entry of `path`, which is no link's way: its metadata, or why there is none."""
        entry = self.entries.get(path)
        if entry is not None:
            return entry
        if len(self.entries) >= MAX_ENTRIES:
            if len(self.entries) == MAX_ENTRIES:
                self._limit("too_many", path)
            return {}
        entry = self.entries[path] = {}
        try:
            found = os.lstat(path)
            entry["stat"] = [int(value) for value in found[:10]] + [found.st_rdev, found.st_blksize]
            if stat.S_ISLNK(found.st_mode):
                entry["target"] = os.readlink(path)
        except OSError as e:
            entry["errno"] = e.errno
        return entry

    def _keep(self, data: bytes) -> str:
        """The digest under which `data` is kept."""
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self.contents:
            if self._size + len(data) > MAX_TOTAL:
                raise _TooLargeError
            self._size += len(data)
            self.contents[digest] = data
        return digest

    def _limit(self, limit: str, what: str) -> str:
        self.limits.append(f"{limit} {escaped(os.fsencode(what))}")
        return limit


class _TooLargeError(Exception):
    """More bytes than MAX_FILE, or than what MAX_TOTAL leaves."""


def _name_pattern(part: str) -> Pattern[str]:
    """What names the pattern `part` of a path stands for."""
    if part == _NUMBER:
        return re.compile(r"[0-9]+\Z")
    return re.compile(".*".join(map(re.escape, _WILD.split(part))) + r"\Z", re.DOTALL)


def _read(path: str) -> Optional[bytes]:
    """The content of a regular file; None of a program, whose text says nothing about a host."""
    fd = os.open(path, _OPEN)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        parts: List[bytes] = []
        size = 0
        while True:
            data = os.read(fd, _CHUNK)
            if not parts and data.startswith(_ELF):
                return None
            if not data:
                return b"".join(parts)
            size += len(data)
            if size > MAX_FILE:
                raise _TooLargeError
            parts.append(data)
    finally:
        os.close(fd)


def _run(argv: Sequence[str]) -> Tuple[int, bytes, bytes]:
    """Exit code and both outputs; no input, no terminal, no environment but the C locale."""
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"LC_ALL": "C"},
        cwd="/",
        start_new_session=True,
    )
    try:
        outputs: Dict[Any, bytearray] = {process.stdout: bytearray(), process.stderr: bytearray()}
        deadline = time.monotonic() + _TIMEOUT_S
        with selectors.DefaultSelector() as selector:
            for pipe in outputs:
                selector.register(pipe, selectors.EVENT_READ)
            while selector.get_map():
                ready = selector.select(max(0.0, deadline - time.monotonic()))
                if not ready:
                    raise subprocess.TimeoutExpired(argv, _TIMEOUT_S)
                for key, _ in ready:
                    data = os.read(key.fd, _CHUNK)
                    if not data:
                        selector.unregister(key.fileobj)
                    outputs[key.fileobj] += data
                    if len(outputs[key.fileobj]) > MAX_FILE:
                        raise _TooLargeError
        code = process.wait(max(0.1, deadline - time.monotonic()))
        return code, bytes(outputs[process.stdout]), bytes(outputs[process.stderr])
    finally:
        if process.returncode is None:  # not waited for, so the group's number is still its own
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _netlink(kind: int) -> bytes:
    """The kernel's answer to a request for all objects of a kind; rtnetlink(7)."""
    header = struct.Struct("=IHHII")
    for _ in range(3):
        answer, whole = b"", True
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as kernel:
            kernel.settimeout(5.0)
            kernel.sendto(
                header.pack(header.size + 4, kind, _NLM_F_REQUEST_DUMP, 1, 0) + bytes(4), (0, 0)
            )
            done = False
            while not done:
                data = kernel.recv(256 * 1024)
                answer += data
                offset = 0
                while offset + header.size <= len(data):
                    length, message, flags = header.unpack_from(data, offset)[:3]
                    if message == _NLMSG_ERROR:
                        raise OSError(-struct.unpack_from("=i", data, offset + header.size)[0])
                    whole = whole and not flags & _NLM_F_DUMP_INTR
                    done = done or message == _NLMSG_DONE
                    offset += max(header.size, (length + 3) & ~3)
                if len(answer) > MAX_FILE:
                    raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        if whole:
            return answer
    raise OSError(errno.EINTR, os.strerror(errno.EINTR))


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _view() -> Dict[str, Any]:
    """How far this process sees: user, capabilities, namespaces, hidden processes."""
    namespaces = {}
    for name in ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts"):
        try:
            target = os.readlink("/proc/self/ns/" + name)
        except OSError:
            continue
        namespaces[name] = target.partition("[")[2].rstrip("]")
    capabilities, hidepid = "", ""
    try:
        with open("/proc/self/status", encoding="latin-1") as lines:
            for line in lines:
                if line.startswith("CapEff:"):
                    capabilities = line.split()[1]
        with open("/proc/self/mountinfo", encoding="latin-1") as lines:
            hidepid = "off"
            for fields in map(str.split, lines):
                if fields[4] == "/proc":
                    found = re.search(r"hidepid=(\w+)", fields[-1])
                    hidepid = found.group(1) if found else "off"
    except OSError:
        pass
    return {
        "uid": os.geteuid(),
        "capabilities": capabilities,
        "namespaces": namespaces,
        "hidepid": hidepid,
    }


def record(request: Dict[str, Any]) -> Recording:
    """All that `request` asks for: `paths` (patterns), `programs` (lists), `dumps` (numbers)."""
    made = Recording()
    for pattern in request["paths"]:
        made.add(pattern)
    for argv in request["programs"]:
        made.ask(argv)
    for kind in request["dumps"]:
        made.dump(kind)
    return made


def manifest(request: Dict[str, Any], made: Recording, program: str) -> Dict[str, Any]:
    """What stands at the head of a recording."""
    host = os.uname()
    return {
        "format": FORMAT,
        "version": VERSION,
        "recorded": made.started,
        "ended": _now(),
        "program": program,
        "python": "{}.{}.{}".format(*sys.version_info[:3]),
        "hostname": escaped(os.fsencode(host.nodename)),
        "kernel": host.release,
        "architecture": host.machine,
        "byte_order": sys.byteorder,
        "page_size": os.sysconf("SC_PAGE_SIZE"),
        "clock_ticks": os.sysconf("SC_CLK_TCK"),
        "view": _view(),
        "tables": request["tables"],
        "paths": request["paths"],
        "programs": request["programs"],
        "dumps": request["dumps"],
        "limits": made.limits,
    }


def members(head: Dict[str, Any], made: Recording) -> Iterator[Tuple[str, bytes]]:
    """Name and content of each member of the archive, in order."""
    yield "manifest.json", _json(head) + b"\n"
    lines = []
    called = _called(made)
    for path in sorted(made.entries, key=os.fsencode):
        entry = dict(made.entries[path])
        if "names" in entry:
            names = [called.get(os.path.join(path, name), name) for name in entry["names"]]
            entry["names"] = [escaped(os.fsencode(name)) for name in names]
        if "target" in entry:
            entry["target"] = escaped(os.fsencode(entry["target"]))
        named = os.path.join(os.path.dirname(path), called[path]) if path in called else path
        entry["path"] = escaped(os.fsencode(named))
        lines.append(_json(entry) + b"\n")
    yield "entries.jsonl", b"".join(lines)
    yield "answers.jsonl", b"".join(_json(answer) + b"\n" for answer in made.answers)
    for digest in sorted(made.contents):
        yield f"content/{digest}", made.contents[digest]


def _called(made: Recording) -> Dict[str, str]:
    """The files that have another name in a recording, because their own tells too much."""
    called: Dict[str, str] = {}
    for path in sorted(made.entries, key=os.fsencode):
        entry = made.entries[path]
        for name in entry.get("names", ()):
            below = os.path.join(path, name)
            found = made.entries.get(below, {})
            pattern = nameless(below, made.contents.get(found.get("content", "")))
            if pattern is not None and "names" not in found:
                called[below] = pattern % (len(called) + 1)
    return called


def _json(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8")


def write(path: str, parts: Iterator[Tuple[str, bytes]]) -> int:
    """Write the members to a new file for its owner only; its size in bytes.

    Compressed if the name ends in `.gz`. What could not be finished is removed.

    Raises:
        FileExistsError: there is such a file already.
        OSError: it cannot be written.
    """
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "wb") as raw:
            if path.endswith(".gz"):
                with gzip.GzipFile("", "wb", 6, raw, 0) as packed:
                    _archive(packed, parts)
            else:
                _archive(raw, parts)
            raw.flush()
            os.fsync(raw.fileno())
            size = os.fstat(raw.fileno()).st_size
    except BaseException:
        os.unlink(path)
        raise
    directory = os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return size


def _archive(out: Any, parts: Iterator[Tuple[str, bytes]]) -> None:
    for name, data in parts:
        out.write(header(name, len(data)))
        out.write(data + bytes(-len(data) % BLOCK))
    out.write(bytes(2 * BLOCK))


def header(name: str, size: int) -> bytes:
    """The header of a regular member, as ustar (POSIX.1-1988) has it, the same at all times."""
    fields = (
        name.encode("ascii").ljust(100, b"\0"),
        b"0000600\0" + b"0000000\0" * 2,  # mode, owner, group
        b"%011o\0" % size,
        b"00000000000\0",  # time of change
        b" " * 8,  # where the sum will stand
        b"0" + bytes(100),  # regular, no link
        b"ustar\00000" + bytes(64),  # names of owner and group
        b"0000000\0" * 2 + bytes(167),  # no device, no prefix
    )
    block = b"".join(fields)
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def main(request: Dict[str, Any], program: str) -> int:
    """The program that is handed out: says what it does, and does it if told where to write."""
    for name in ("stdout", "stderr"):  # old Pythons refuse Chinese in the C locale
        buffer = getattr(sys, name).detach()
        setattr(
            sys, name, io.TextIOWrapper(buffer, "utf-8", "backslashreplace", line_buffering=True)
        )
    parser = argparse.ArgumentParser(description="记录本机事实的来源 / record this host's sources")
    parser.add_argument("--out", metavar="FILE", help="输出文件，须尚不存在 / a new file to write")
    parser.add_argument(
        "--list", action="store_true", help="只列出将读取的内容 / only list sources"
    )
    args = parser.parse_args()
    _talk(*IMPACT)
    if args.list or not args.out:
        programs = [" ".join(map(shlex.quote, argv)) for argv in request["programs"]]
        print("\n".join(request["paths"] + programs))
        return 0 if args.list else 2
    os.nice(10)
    made = record(request)
    try:
        size = write(args.out, members(manifest(request, made, program), made))
    except OSError as e:
        _talk(f"{args.out}: {e.strerror}")
        return 3
    _talk(*summary(args.out, size, made), *made.limits)
    return 0


def summary(path: str, size: int, made: Recording) -> Tuple[str, str]:
    """What was written, in Chinese and in English."""
    paths, answers, limits = len(made.entries), len(made.answers), len(made.limits)
    return (
        f"已写入 {path}：{size} 字节，路径 {paths} 个，答复 {answers} 项，超限 {limits} 处",
        f"{path}: {size} bytes, {paths} paths, {answers} answers, {limits} limits hit",
    )


def _talk(*lines: str) -> None:
    print("\n".join(lines), file=sys.stderr)
