"""How `anfang policy …` opens what it is given."""

from pathlib import Path

from agent.errors import InputError
from policies.errors import MalformedPolicyError
from policies.load import PolicyFile, load


def opened(path: Path) -> PolicyFile:
    """The policy file at `path`.

    Raises:
        InputError: it cannot be read, or not as a policy.
    """
    try:
        return load(path)
    except MalformedPolicyError as e:
        raise InputError(f"检查策略有误：\n{e}", f"the policy has to be corrected:\n{e}") from e
    except OSError as e:
        raise InputError(
            f"{path}: 无法读取：{e.strerror}", f"{path}: cannot be read: {e.strerror}"
        ) from e
