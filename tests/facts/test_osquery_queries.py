"""People's queries run unchanged: a corpus of what osquery is asked on Linux servers.

The queries are in `osquery_queries.sql`, each under what it is for; those that are not answered
stand there with the reason.
"""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from collectors.host import LiveHost
from collectors.source import HostSource
from facts.catalogue import Catalogue
from facts.engine import Engine
from facts.errors import QueryError
from facts.foreign import hidden
from facts.plan import Needs, Planner
from facts.tables import SPECS

AIM = 0.95
"""How many of the queries have to be answered."""
REFUSED = re.compile(r"refused (\w+): ")


class Query(NamedTuple):
    """One query of the corpus."""

    purpose: str
    sql: str
    refused: str | None
    """The code of the reason it is refused with."""


def corpus() -> list[Query]:
    """The queries of the file, in its order."""
    blocks = Path(__file__).with_name("osquery_queries.sql").read_text("utf-8").split("\n\n")
    queries = []
    for block in blocks[1:]:
        purpose, sql = block.removeprefix("-- ").split("\n", 1)
        refused = REFUSED.match(purpose)
        queries.append(Query(purpose, sql.strip(), refused[1] if refused else None))
    return queries


QUERIES = corpus()
ANSWERED = [query for query in QUERIES if query.refused is None]
CATALOGUE = Catalogue(SPECS, hidden=hidden(SPECS))


@pytest.fixture(scope="module", name="keyboard")
def _keyboard() -> Planner:
    return Planner(CATALOGUE, policy=False)


@pytest.fixture(scope="module", name="live")
def _live(keyboard: Planner) -> Engine:
    """This host, with what all the queries need, each table read once."""
    engine = Engine(
        HostSource(LiveHost(), None), catalogue=CATALOGUE, now="2026-11-23T08:00:00Z", policy=False
    )
    needs = Needs()
    for query in ANSWERED:
        needs |= keyboard.plan(query.sql).needs
    for _ in engine.load(needs):
        pass
    return engine


def test_the_corpus_is_large_and_most_of_it_is_answered() -> None:
    """As many queries as a pack has, and few of them left out."""
    assert len({query.sql for query in QUERIES}) == len(QUERIES) >= 120
    assert len(ANSWERED) / len(QUERIES) >= AIM


@pytest.mark.parametrize("query", ANSWERED, ids=lambda query: query.purpose)
def test_it_is_answered(live: Engine, query: Query) -> None:
    """On this host, by its own tables, with a value for each column that was asked for."""
    answer = live.run(query.sql)

    assert all(len(row) == len(answer.columns) for row in answer.rows)


@pytest.mark.parametrize(
    "query", [query for query in QUERIES if query.refused], ids=lambda query: query.purpose
)
def test_it_is_refused_with_the_reason(live: Engine, query: Query) -> None:
    """What is not answered says why, and keeps saying the same."""
    with pytest.raises(QueryError) as refusal:
        live.run(query.sql)

    assert refusal.value.code == query.refused
