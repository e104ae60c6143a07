"""Starts a program whose sockets of one kind the kernel refuses, as a sandbox does.

python -m tests.e2e.refusing PROGRAM …      no netlink: systemd's RestrictAddressFamilies=
"""

import ctypes
import errno
import os
import socket
import sys

_ALLOW, _ERRNO, _EQUAL = 0x7FFF0000, 0x00050000, 4
"""Actions and the comparison, as libseccomp's headers have them."""


class _Comparison(ctypes.Structure):
    """struct scmp_arg_cmp: which argument of the call, how to compare it, with what."""

    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    )


def netlink() -> list[str]:
    """The command line that starts a program without netlink sockets."""
    return [sys.executable, "-m", "tests.e2e.refusing"]


def _main() -> None:
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    filter_ = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_ALLOW)))
    number = library.seccomp_syscall_resolve_name(b"socket")
    family = _Comparison(0, _EQUAL, socket.AF_NETLINK, 0)
    action = ctypes.c_uint32(_ERRNO | errno.EAFNOSUPPORT)
    added = library.seccomp_rule_add_array(filter_, action, number, 1, ctypes.byref(family))
    if added or library.seccomp_load(filter_):
        raise OSError("the kernel takes no filter")
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    _main()
