"""What can go wrong with the agent, by what the person at the keyboard can do about it.

    AgentError                  3  could not do it; the message says what would help
    ├── ClassifiedError         3  this is a classified system: refused on purpose
    ├── StateError              3  the state directory cannot be used as it is
    │   ├── NotEnrolledError    3  needs an enrolled host
    │   └── BusyError           3  another scan holds the lock
    ├── ServerError             3  the server did not answer, or refused
    │   └── UntrustedServerError  1  what answered is not the server that was enrolled with
    ├── InputError              2  a file, an argument or a token is not what it must be
    │   └── ConfigError         2  the configuration has to be corrected
    └── ChildError              3  a limited child did not start, or broke off before it answered

Each is said in Chinese and in English; logs carry the English.
"""


class AgentError(Exception):
    """The root of what `agent` raises."""

    exit_code = 3
    """What the program exits with (`agent.cli`)."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


class ClassifiedError(AgentError):
    """The configuration says that this is a classified system, where nothing may run."""

    def __init__(self) -> None:
        super().__init__(
            "本机已标明为涉密信息系统（classified = true）。涉密信息系统的检查须使用经批准的专用"
            "工具，本程序不扫描、不导出、不发送。如系误标，请更正配置文件。",
            "This host is marked as a classified system (classified = true). Such systems are "
            "inspected with specially approved tools only: nothing is scanned, exported or sent. "
            "If the mark is wrong, correct the configuration.",
        )


class StateError(AgentError):
    """The state directory is missing, unreadable, damaged or full."""


class NotEnrolledError(StateError):
    """This host is not enrolled."""

    def __init__(self) -> None:
        super().__init__(
            "本机尚未纳管。请先执行：anfang enroll <服务器地址> --token <注册码>",
            "This host is not enrolled. First: anfang enroll URL --token TOKEN",
        )


class BusyError(StateError):
    """Another process scans or sends on the same state directory."""


class ServerError(AgentError):
    """The server could not be reached, or refused."""


class UntrustedServerError(ServerError):
    """What answered cannot prove that it is the server this host is enrolled with."""

    exit_code = 1


class InputError(AgentError):
    """A file, an argument or a token is not what it must be."""

    exit_code = 2


class ConfigError(InputError):
    """A configuration file has to be corrected."""


class ChildError(AgentError):
    """A limited child could not be started, or ended without an answer."""
