"""Programs that tell the rules in force, which the kernel shows to a network administrator only."""

import errno
from collections.abc import Sequence

from collectors.errors import ProgramFailedError, SeamError
from collectors.host import Host
from collectors.system import release
from evidence import canonical
from facts.status import Status, condition

_LIMIT = 32 * 1024 * 1024
_REFUSALS = (b"Operation not permitted", b"Permission denied")


def answer(host: Host, programs: Sequence[str], *arguments: str, privilege: str) -> bytes:
    """What the first of `programs` that is installed says to `arguments`.

    Raises:
        FileNotFoundError: none of them is installed.
        SeamError: the kernel wants `privilege`, which is missing; the program failed.
        OSError: as `Host.run`.
    """
    for program in programs:
        try:
            said = host.run([program, *arguments], limit=_LIMIT)
        except FileNotFoundError:
            continue
        if not said.returncode:
            return said.stdout
        if any(refusal in said.stderr for refusal in _REFUSALS):
            refused = condition(Status.DENIED, "missing_privilege", privilege)
            raise SeamError(f"{program} needs {privilege}", refused)
        complaint = canonical.text(said.stderr).strip() or str(said.returncode)
        raise ProgramFailedError(program, complaint.splitlines()[0])
    raise FileNotFoundError(errno.ENOENT, "not installed", programs[0])


def without_nf_tables(host: Host) -> bool:
    """Whether the kernel is known to have no nf_tables, so that there are no rules in it.

    Its programs are not asked then, because the kernel would load the module for them.
    """
    try:
        loaded = host.read("/proc/modules")
        builtin = host.read(f"/lib/modules/{release(host)}/modules.builtin")
    except OSError:
        return False
    whole = loaded.endswith(b"\n") and builtin.endswith(b"\n")
    return whole and b"\nnf_tables " not in b"\n" + loaded and b"/nf_tables.ko" not in builtin
