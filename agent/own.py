"""The agent's own tables: its chain, what it judges by, what it can observe, its budget."""

from collections.abc import Iterator

from agent.config import Config
from agent.standing import Standing
from evidence.canonical import Cell
from evidence.statement import Report
from facts.tables import SPECS

Rows = list[dict[str, Cell]]


def own_tables(stands: Standing, config: Config) -> dict[str, Rows]:
    """The rows of every table that no collector reads, as the agent stands before a scan."""
    return {
        "anfang_budget": [_budget(stands.last, config)],
        "anfang_chain": [stands.row],
        "anfang_policies": list(_policies(stands)),
        "anfang_registers": list(_registers(stands)),
        "anfang_tables": list(_tables(stands.last)),
    }


def _policies(stands: Standing) -> Iterator[dict[str, Cell]]:
    if stands.assigned is None:
        return
    for ref in stands.assigned.assignment.policies:
        yield {
            "name": ref.policy,
            "version": ref.version,
            "sha256": ref.digest.sha256,
            "assignment": stands.assigned.digest,
        }


def _registers(stands: Standing) -> Iterator[dict[str, Cell]]:
    if stands.assigned is None:
        return
    for ref in stands.assigned.assignment.registers:
        yield {
            "name": ref.name,
            "columns": " ".join(ref.columns),
            "sha256": ref.digest.sha256,
            "assignment": stands.assigned.digest,
        }


def _tables(last: Report | None) -> Iterator[dict[str, Cell]]:
    entries = {} if last is None else {entry.name: entry for entry in last.tables}
    for spec in SPECS.values():
        row: dict[str, Cell] = {
            "name": spec.name,
            "kind": spec.kind.value,
            "version": spec.version,
            "privilege": spec.privilege,
        }
        if (entry := entries.get(spec.name)) is not None:
            reason = entry.condition.reason
            row |= {
                "status": entry.condition.status,
                "reason": "" if reason is None else reason.code,
                "rows": entry.row_count,
                "read_at": entry.read_at,
            }
        yield row


def _budget(last: Report | None, config: Config) -> dict[str, Cell]:
    row: dict[str, Cell] = {
        "cpu_limit_s": config.scan_cpu_s,
        "wall_limit_s": config.scan_wall_s,
        "memory_limit_mib": config.scan_memory_mib,
    }
    if last is not None:
        row |= {
            "cpu_ms": last.cost.cpu_ms,
            "wall_ms": last.cost.wall_ms,
            "peak_kib": last.cost.peak_kib,
        }
    return row
