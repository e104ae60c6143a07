"""What runs by the clock: cron, anacron, the directories of run-parts(8), and at.

Crontabs are read as crontab(5) says; which files of /etc/cron.d count depends on the daemon:
cronie (/usr/sbin/crond) skips editors' and rpm's leftovers, Debian's cron takes only plain names.
A host without any of the directories has no cron. Of a command that waits in at's queue only
the time is read, because the file holds an environment.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from collectors.config import decoded, first, present
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Reason, Status

_SYSTEM = "/etc/crontab"
_DROP_INS = "/etc/cron.d"
_CRONIE = "/usr/sbin/crond"
_SPOOLS = ("/var/spool/cron/crontabs", "/var/spool/cron/tabs", "/var/spool/cron")
"""Users' crontabs: Debian, SUSE, Red Hat; the first that is there holds them."""
_ANACRONTAB = "/etc/anacrontab"
_PERIODS = ("hourly", "daily", "weekly", "monthly")
_QUEUES = ("/var/spool/cron/atjobs", "/var/spool/at", "/var/spool/atjobs")
_QUEUED = re.compile(r"[A-Za-z=][0-9a-f]{5}([0-9a-e][0-9a-f]{7})")
"""A job waiting for at(1): queue, number, and when it is due, in minutes since 1970."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEFTOVER = re.compile(r"[.#].*|.*(?:~|\.rpm(?:save|orig|new))")
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_MAX_LINE = 131072
"""What cronie takes for one line; other crons take less."""
_ENVIRONMENT = re.compile(r"\s*(?:\"[^\"]*\"|'[^']*'|[^\s=\"']+)\s*=")
_FIELD = re.compile(r"[-0-9A-Za-z*,/~]+")
_EVENT = re.compile(r"@[a-z]+")
_FIELDS = ("minute", "hour", "day_of_month", "month", "day_of_week")
_PROGRAM = re.compile(
    r"[\s({!]*(?:[A-Za-z_]\w*=(?:\"[^\"]*\"|'[^']*'|[^\s\"';&|]*)\s+)*[\"']?([^\s\"';&|<>(){}]+)"
)
"""The first word of a command that is no assignment."""
_PATHS = re.compile(r"(?<![^\s\"'=;&|<>(){}])/[^\s\"';&|<>(){}]+")
_NOWHERE = "/dev/null"


def crontab(host: Host, columns: frozenset[str]) -> Observed:
    """Every job of every part; a part that cannot be read makes the table partial."""
    del columns
    found = _Jobs(host)
    parts: tuple[Callable[[], None], ...] = (
        found.of_system,
        found.of_users,
        found.of_anacron,
        found.of_directories,
        found.of_queues,
    )
    for part in parts:
        try:
            part()
        except OSError as e:
            found.unread(e, _SYSTEM)
    return Observed(found.rows, found.condition)


class _Jobs:
    """Gathers jobs, and how well they were read."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.rows: list[dict[str, Cell]] = []
        self.condition = COMPLETE

    def unread(self, error: OSError, path: str) -> None:
        """Notes what could not be read."""
        reason = condition_of(error, str(error.filename or path)).reason
        self.condition = Condition(Status.PARTIAL, reason)

    def of_system(self) -> None:
        """/etc/crontab and /etc/cron.d, whose lines name a user."""
        if present(self._host, _SYSTEM):
            self._table(_SYSTEM, user=None)
        for name in self._names(_DROP_INS):
            if self._counts(name):
                self._table(f"{_DROP_INS}/{name}", user=None)

    def of_users(self) -> None:
        """The crontabs of users, each named after its user."""
        spool = present(self._host, *_SPOOLS)
        if spool is None:
            return
        for name in self._names(spool):
            if not _LEFTOVER.fullmatch(name):
                self._table(f"{spool}/{name}", user=name)

    def of_anacron(self) -> None:
        """/etc/anacrontab: period, delay, name, command."""
        for number, line in self._lines(_ANACRONTAB):
            words = line.split(None, 3)
            if len(words) == 4 and re.fullmatch(r"\d{1,9}|@[a-z]+", words[0]):  # noqa: PLR2004  # as said
                self._add("anacron", _ANACRONTAB, words[3], event=words[0], username="root")
            else:
                self._malformed(_ANACRONTAB, number)

    def of_directories(self) -> None:
        """The programs in /etc/cron.daily and its like; what cannot be executed does not run."""
        for period in _PERIODS:
            directory = f"/etc/cron.{period}"
            for name in self._names(directory):
                path = f"{directory}/{name}"
                if self._counts(name) and self._runs(path):
                    self._add("directory", path, path, event=f"@{period}", username="root")

    def of_queues(self) -> None:
        """When jobs given to at(1) are due; what they are stays unread."""
        queue = present(self._host, *_QUEUES)
        for name in self._names(queue) if queue else ():
            found = _QUEUED.fullmatch(name)
            if found:
                due = _EPOCH + timedelta(minutes=int(found[1], 16))
                event = due.strftime("%Y-%m-%dT%H:%M:%SZ")
                self.rows.append({"kind": "at", "path": f"{queue}/{name}", "event": event})

    def _names(self, directory: str) -> list[str]:
        """The names in `directory`; none if it is known not to be there."""
        return self._host.names(directory) if present(self._host, directory) else []

    def _counts(self, name: str) -> bool:
        """Whether the daemon of this host takes a file of this name."""
        if first(self._host, _CRONIE):
            return not _LEFTOVER.fullmatch(name)
        return _PLAIN.fullmatch(name) is not None

    def _runs(self, path: str) -> bool:
        try:
            return bool(self._host.stat(path).st_mode & 0o111)
        except FileNotFoundError:
            return False  # gone meanwhile, or a link to nowhere

    def _lines(self, path: str) -> Iterator[tuple[int, str]]:
        """The lines that are jobs, without the settings of the environment between them."""
        if not present(self._host, path):
            return
        for number, raw in enumerate(decoded(self._host.read(path)).split("\n"), 1):
            line = raw.strip()
            if len(line) > _MAX_LINE:
                self._malformed(path, number)
            elif line and line[0] != "#" and not _ENVIRONMENT.match(line):
                yield number, line

    def _table(self, path: str, user: str | None) -> None:
        """The jobs of one crontab; its lines name a user unless it belongs to one."""
        try:
            for number, line in self._lines(path):
                self._line(path, number, line, user)
        except IsADirectoryError:
            return  # at's directories lie among Red Hat's crontabs
        except OSError as e:
            self.unread(e, path)

    def _line(self, path: str, number: int, line: str, user: str | None) -> None:
        when = 1 if line[0] == "@" else len(_FIELDS)
        words = line.split(None, when + (user is None))
        times, rest = words[:when], words[when:]
        shape = _EVENT if when == 1 else _FIELD
        if len(rest) != 1 + (user is None) or not all(map(shape.fullmatch, times)):
            self._malformed(path, number)
            return
        schedule = {"event": times[0]} if when == 1 else dict(zip(_FIELDS, times, strict=True))
        self._add("cron", path, rest[-1], username=user or rest[0], **schedule)

    def _add(self, kind: str, path: str, command: str, **cells: str) -> None:
        program = _PROGRAM.match(command)
        paths = dict.fromkeys(word for word in _PATHS.findall(command) if word != _NOWHERE)
        digest = hashlib.sha256(command.encode("utf-8", "surrogateescape"))
        self.rows.append(
            {
                "kind": kind,
                "path": path,
                "command": command,
                "program": program[1] if program else "",
                "paths": " ".join(paths),
                "command_digest": digest.hexdigest(),
                **cells,
            }
        )

    def _malformed(self, path: str, number: int) -> None:
        where = Reason("malformed_source", (f"{path}:{number}",))
        self.condition = Condition(Status.PARTIAL, where)
