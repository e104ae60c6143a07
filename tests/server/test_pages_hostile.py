"""Whatever a host says of itself: it is shown, it steers nothing, and it never breaks a page."""

import hashlib
import unicodedata
import zlib
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete, update

from evidence import canonical, dsse
from evidence.statement import (
    Condition,
    Digest,
    KeyEntry,
    Reason,
    Report,
    Subject,
    TableEntry,
    Verdict,
    View,
    decode_statement,
    encode_statement,
)
from policies.plain import MAX_SHOWN
from server.assigning import read_policy
from server.store.schema import blobs, statements
from tests.server.hosts import FakeHost, Made, sha256
from tests.server.markup import Element, read
from tests.server.sites import POLICY, UNIT, Site
from tests.server.visitor import Visitor, add_person

SCRIPT = "<script>alert('x')</script>"
HOSTILE = [
    SCRIPT,
    "\"><img src=x onerror=alert(1)>'",
    "</td></table></main><iframe src=//evil.example>",
    "{{ 7 * 7 }}{% include 'x' %}",
    "&lt;b&gt; &#60; %3Cscript%3E",
    "\u202eevil\u2066\u200b\ufeff",
    "\x00\x1b[31m\x07\r\n\t\x7f\x9b",
    "\\xff\\xfe undecodable",
    "\U000e0041 tag \u0085\u2028\u2029",
    "javascript:alert(1)",
    "x" * 10_240,
    "https://evil.example/?q=",
]
TAGS = {
    *("html", "head", "meta", "title", "link", "body", "a", "header", "div", "b", "span", "nav"),
    *("form", "input", "button", "main", "footer", "p", "h1", "h2", "h3", "section", "dl", "dt"),
    *("dd", "ol", "ul", "li", "table", "thead", "tbody", "tfoot", "tr", "th", "td", "details"),
    *("summary", "code", "i", "time", "svg", "rect", "polyline", "br", "label"),
}


@pytest.fixture
def visitor(site: Site) -> Visitor:
    """Somebody who has signed in to a unit that has policies."""
    site.assign()
    add_person(site.service.store)
    visitor = Visitor(site.client)
    assert visitor.sign_in().status_code == 303
    return visitor


def _changed(host: FakeHost, made: Made, change: Callable[[Report], Report]) -> Made:
    """The report in `made` with a change, signed again."""
    statement = decode_statement(dsse.open_envelope(made.envelope).payload, Report)
    report = change(statement.predicate)
    names = {entry.name for entry in report.tables}
    subjects = tuple(s for s in statement.subject if s.name.removeprefix("tables/") in names)
    payload = encode_statement(subjects, report)
    host.previous = sha256(payload)
    return Made(dsse.seal(payload, host.key), sha256(payload), made.blobs)


def _said(columns: tuple[str, ...], rows: tuple[tuple[str | int | None, ...], ...]) -> Verdict:
    """A failing verdict with that evidence."""
    return Verdict(
        check="CEP-USB-003",
        policy="small",
        verdict="fail",
        reasons=tuple(Reason(text, (text, text)) for text in HOSTILE),
        columns=columns,
        rows=rows,
        row_count=len(rows),
        rows_digest=Digest(sha256(canonical.encode_table(rows))),
    )


def _hostile(report: Report) -> Report:
    """`report` with something hostile in every place that takes any text."""
    text = "".join(HOSTILE)
    rows = tuple((text, text, None) for text in sorted(HOSTILE))
    refs = (read_policy(str(POLICY)).reference,)
    conditions = [Condition("denied", Reason("permission_denied", (text,))) for text in HOSTILE]
    entry = report.tables[0]
    table = TableEntry(
        name=entry.name,
        version=1,
        columns=tuple(f"{text}{n}" for n, text in enumerate(HOSTILE[:2])),
        row_count=entry.row_count,
        condition=conditions[0],
        column_conditions={f"{HOSTILE[0]}0": conditions[1]},
        keys=tuple(
            sorted(
                (KeyEntry(f"{HOSTILE[1]}1", text, how) for text, how in zip(HOSTILE, conditions)),  # noqa: B905  # as many
                key=lambda key: key.value,
            )
        ),
        read_at="9999-12-31T23:59:59Z",
    )
    return msgspec.structs.replace(
        report,
        policies=refs,
        tables=(table,),
        verdicts=(_said((*HOSTILE[:2], "z"), rows),),
        engine=msgspec.structs.replace(report.engine, anfang=text, sqlite=text, python=text),
        agent=Digest(text),
        view=View(0, text, {text: text}, text, "/"),
    )


def _check(page: Element, text: str) -> None:
    """Nothing on `page` that we did not write, and nothing in it that steers a reader's screen."""
    assert {element.tag for element in page.all()} <= TAGS
    for element in page.all():
        assert not any(name.startswith("on") or name == "style" for name in element.attributes)
        for attribute in ("href", "src", "action"):
            address = element.attributes.get(attribute, "/")
            assert address.startswith(("/", "#", "?"))
            assert not address.startswith("//")
    strays = {c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"} and c != "\n"}
    assert strays == set()


@pytest.mark.parametrize("name", [text[:255] for text in HOSTILE])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_hosts_name_is_only_text(visitor: Visitor, site: Site, name: str, lang: str) -> None:
    """On its own page, in lists, in titles; before and after it reported."""
    host = site.enrolled(name=name)
    for _ in range(2):
        for path in (f"/units/{UNIT}", f"/hosts/{host.id}"):
            response = visitor.get(f"{path}?lang={lang}")
            assert response.status_code == 200
            _check(read(response.text), response.text)
        assert site.deliver(host, host.report()).status_code == 200


def test_everything_a_host_says_is_only_text(visitor: Visitor, site: Site) -> None:
    """Cells, columns, keys, reasons, versions, its view of itself, impossible times."""
    host = site.enrolled()
    made = _changed(host, host.report(tables={"usb_devices": [(t, t) for t in HOSTILE]}), _hostile)
    assert site.deliver(host, made).status_code == 200

    for path in (
        f"/units/{UNIT}",
        f"/units/{UNIT}?all",
        f"/hosts/{host.id}",
        f"/hosts/{host.id}/tables/usb_devices",
    ):
        for lang in ("zh", "en"):
            response = visitor.get(f"{path}{'&' if '?' in path else '?'}lang={lang}")
            page = read(response.text)
            assert response.status_code == 200
            _check(page, response.text)
            assert SCRIPT in page.text
            assert path == f"/units/{UNIT}" or "\\u202eevil" in page.text
            assert "x" * (MAX_SHOWN + 1) not in response.text


def test_very_long_texts_are_cut_and_say_so(visitor: Visitor, site: Site) -> None:
    """A cell of ten kilobytes shows its beginning and how much is left out."""
    host = site.enrolled()
    site.deliver(host, host.report(tables={"users": [("y" * 10_240,)]}))

    page = visitor.page(f"/hosts/{host.id}/tables/users")

    (cell,) = page.all("td")
    assert cell.text == "y" * MAX_SHOWN + f"… [+{10_240 - MAX_SHOWN}]"


def test_a_column_too_few_breaks_nothing(visitor: Visitor, site: Site) -> None:
    """Rows wider than their columns, as only a forger would write them, are shown."""
    host = site.enrolled()
    verdict = _said(("a",), (("1", "2", "3"),))
    refs = (read_policy(str(POLICY)).reference,)
    site.deliver(host, host.report(verdicts=[verdict], policies=refs))

    assert visitor.get(f"/hosts/{host.id}").status_code == 200
    assert visitor.get(f"/units/{UNIT}").status_code == 200


def test_long_tables_are_turned_over(visitor: Visitor, site: Site) -> None:
    """200 rows a page; a page that is not there is the last or the first."""
    host = site.enrolled()
    rows = [(f"user-{n:04}",) for n in range(450)]
    site.deliver(host, host.report(tables={"users": rows}))
    path = f"/hosts/{host.id}/tables/users"

    def shown(page: str) -> list[str]:
        return [cell.text for cell in visitor.page(f"{path}?page={page}").all("td")]

    assert shown("1")[0] == "user-0000"
    assert len(shown("1")) == 200
    assert shown("3")[-1] == "user-0449"
    assert len(shown("3")) == 50
    assert shown("99999") == shown("3")
    for odd in ("0", "-1", "x", "²", "1e9", "9" * 50):
        assert shown(odd)[0] in ("user-0000", "user-0400")


def _store(site: Site, statement: Any, where: Any) -> None:
    """Change what lies in the store, as bad disks do."""
    with site.service.store.write() as connection:
        connection.execute(statement.where(where))


def _delivered(site: Site) -> tuple[FakeHost, Made, str]:
    """A host, its report, and the digest of its table `users`."""
    host = site.enrolled()
    made = host.report(tables={"users": [("li",)]})
    assert site.deliver(host, made).status_code == 200
    (digest,) = made.blobs
    return host, made, digest


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (None, "服务器上没有这张表的数据"),
        (b"no zlib", "已损坏"),
        (zlib.compress(b'["wang"]\n'), "已损坏"),
    ],
)
def test_a_damaged_table_says_so(
    visitor: Visitor, site: Site, stored: bytes | None, said: str
) -> None:
    """Missing, or not what was received: no rows are shown, and none are said to be absent."""
    host, _, digest = _delivered(site)
    where = blobs.c.sha256 == digest
    _store(site, delete(blobs) if stored is None else update(blobs).values(data=stored), where)

    page = visitor.page(f"/hosts/{host.id}/tables/users")

    assert said in page.text
    assert "确实没有" not in page.text
    assert not list(page.all("td"))
    assert visitor.get(f"/hosts/{host.id}").status_code == 200


def test_a_table_that_is_not_as_described_says_so(visitor: Visitor, site: Site) -> None:
    """A host that signs bytes which are not the table of its report gains nothing by it."""
    host = site.enrolled()
    made = host.report(tables={"users": [("li",)]})
    other = b'["li","extra"]\n'
    digest = hashlib.sha256(other).hexdigest()
    statement = decode_statement(dsse.open_envelope(made.envelope).payload, Report)
    subject = (Subject("tables/users", Digest(digest)),)
    payload = encode_statement(subject, statement.predicate)
    lying = Made(dsse.seal(payload, host.key), sha256(payload), {digest: other})
    assert site.deliver(host, lying).status_code == 200

    page = visitor.page(f"/hosts/{host.id}/tables/users")

    assert "不是主机报告所描述的表" in page.text
    assert not list(page.all("td"))


def test_a_damaged_report_says_so(
    visitor: Visitor, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """The page cannot be shown, in words; the server's log has the reason, the page has not."""
    host, made, _ = _delivered(site)
    _store(site, update(statements).values(payload=b"no"), statements.c.digest == made.digest)

    page = visitor.page(f"/hosts/{host.id}", status=500)
    english = visitor.page(f"/hosts/{host.id}", lang="en", status=500)

    assert "这一页无法显示：服务器上的数据缺失、损坏或者暂时无法读取。" in page.text
    assert "This page cannot be shown" in english.text
    assert "zlib" not in page.text
    assert "zlib" in caplog.text
    assert visitor.get("/").status_code == 303
