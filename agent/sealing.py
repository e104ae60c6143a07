"""How a report takes the next place in the chain: it names the one before it, and is signed.

The caller holds the lock (`State.locked`), so that two reports at once are two places.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from agent.errors import StateError
from agent.spool import Spool, damaged_entry
from agent.state import State
from evidence import dsse
from evidence.errors import NotAuthenticError, UnknownSignerError
from evidence.keys import SigningKey
from evidence.statement import Chain


def seal(
    state: State,
    payload_of: Callable[[Chain], bytes],
    blobs: Mapping[str, bytes],
    *,
    interval_s: int | None,
) -> bytes:
    """Sign what `payload_of` says at the next place, and spool it with its `blobs`; the payload.

    Raises:
        StateError: the state directory, the key or the last report cannot be used.
    """
    spool, key = Spool(state), state.signing_key()
    check_head(spool, key)
    taken = spool.taken()
    chain = Chain(
        sequence=1 if taken is None else taken.sequence + 1,
        previous=None if taken is None else taken.digest,
        boot_id=boot_id(),
        last_seen=state.last_seen,
        interval_s=interval_s,
    )
    payload = payload_of(chain)
    spool.add(chain.sequence, dsse.seal(payload, key), blobs)
    return payload


def check_head(spool: Spool, key: SigningKey) -> None:
    """That the report to be followed is as this host's key signed it: the next one names it.

    Raises:
        StateError: it is not.
    """
    head = spool.head()
    if head is None:
        return
    try:
        dsse.verify(dsse.open_envelope(head.envelope), {key.key_id: key.public})
    except UnknownSignerError as e:
        raise StateError(
            f"{spool.state.key_file}: 不是签署本机报告链的密钥（{head.key_id}）。请从备份恢复，"
            "或移走状态目录后重新纳管",
            f"{spool.state.key_file}: not the key that signed this host's chain ({head.key_id}). "
            "Restore it from a backup, or move the state directory away and enrol again",
        ) from e
    except NotAuthenticError as e:
        raise damaged_entry(spool.path(head.sequence), e) from e


def boot_id() -> str:
    """Which boot of the host this is; empty where there is no /proc to say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
