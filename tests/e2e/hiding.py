"""Command lines that start a program which is shown less of the host than there is."""

from tests.collectors.namespaces import mounted

IN_A_CONTAINER = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "--"]
HIDDEN_PROCESSES = [
    *mounted("mount -t proc -o hidepid=ptraceable proc /proc"),
    *("setpriv", "--bounding-set=-sys_ptrace", "--"),
]
"""hidepid, and a root without the capability that sees through it."""
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
