"""One SQL statement over this host's facts, answered by the limited child."""

import os

from agent import roots
from agent.config import Config
from agent.errors import ChildError
from agent.job import Answered, Limits, OwnState, QueryJob, Refused
from agent.launch import launch
from agent.roots import refused
from facts.reasons import say
from facts.status import Reason


def ask(sql: str, config: Config, *, root: str, own: OwnState) -> Answered:
    """The answer to `sql`, identifiers in clear, columns for the keyboard included.

    Raises:
        InputError: it is no single SELECT, names what is not there, or runs over its budget;
            or `root` is no sound recording.
        ChildError: reading the tables ran over the budget, or the child broke off.
    """
    try:
        sql.encode()
    except UnicodeEncodeError as e:  # what the terminal or the command line brought
        raise refused(Reason("query_failed", ("UTF-8",))) from e
    job = QueryJob(
        parent=os.getpid(),
        limits=Limits(
            cpu_s=config.query_wall_s,
            wall_s=config.query_wall_s,
            memory_mib=config.scan_memory_mib,
        ),
        now=roots.now(root),
        root=root,
        sql=sql,
        own=own,
        pseudonym_key=None,
    )
    run = launch(job)
    answer: Answered | Refused | None = None
    for message in run:
        if isinstance(message, Answered | Refused):
            answer = message
    if isinstance(answer, Refused):
        raise refused(Reason(answer.reason.code, answer.reason.args))
    if answer is None:
        reason = Reason(run.broke_off or "killed")
        raise ChildError(f"查询中断：{say(reason, 'zh')}", f"broke off: {say(reason, 'en')}")
    return answer
