"""The pages in a real Chromium: without script, by keyboard, narrow, printed, and on their own."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Error

from tests.server.browsing import (
    DESKTOP,
    NARROW,
    Looking,
    chromium,
    looking,
    media_boxes,
    paths,
)
from tests.server.estate import Morning

pytestmark = [pytest.mark.xdist_group("morning"), pytest.mark.timeout(180)]

A4 = (595, 842)

CONTRASTS = """() => {
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => c.slice(0, 3).map(v => v / 255)
    .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = e => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) poor.push(`${e.tagName}.${e.className} ${ratio.toFixed(1)}`);
  }
  return [...new Set(poor)];
}"""

OVERFLOWING = """() => document.documentElement.scrollWidth > innerWidth ? [
  document.documentElement.scrollWidth,
  ...[...document.querySelectorAll('body *')].filter(e =>
    e.getBoundingClientRect().right > innerWidth && !e.closest('.scroll, .unseen'))
    .slice(0, 5).map(e => e.tagName + '.' + e.className)] : []"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for all tests here."""
    with chromium() as opened:
        yield opened


@pytest.fixture
def window(browser: Browser, address: str, morning: Morning) -> Iterator[Looking]:
    """The administrator's window."""
    with looking(browser, address) as opened:
        opened.sign_in("admin", morning.password)
        yield opened


def _bottom(window: Looking, selector: str) -> float:
    box = window.page.locator(selector).bounding_box()
    assert box is not None
    return box["y"] + box["height"]


def test_everything_works_without_script(browser: Browser, address: str, morning: Morning) -> None:
    """From signing in over unit, host, check and table to signing out."""
    with looking(browser, address, script=False) as window:
        page = window.page
        window.sign_in("admin", morning.password)
        assert page.locator("h1").inner_text() == "示例单位"
        page.get_by_role("link", name="scada-02").first.click()
        page.wait_for_url("**/hosts/**")
        page.get_by_role("link", name="usb_devices").first.click()
        page.wait_for_url("**/tables/usb_devices")
        assert page.get_by_role("cell", name="SanDisk").is_visible()
        page.get_by_role("link", name="English").click()
        assert page.get_by_role("heading", name="Facts as collected").is_visible()
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/sign-in")

        window.goto(morning.unit)

        assert page.url.startswith(f"{address}/sign-in")


def test_a_wrong_password_is_told_in_the_page(browser: Browser, address: str) -> None:
    """Beside the form, which can be filled in again."""
    with looking(browser, address) as window:
        window.goto("/sign-in?lang=en")
        window.page.fill("#name", "nobody")
        window.page.fill("#password", "wrong")
        window.page.click("main button")

        alert = window.page.get_by_role("alert")

        alert.wait_for()
        assert alert.inner_text().endswith("The name or the password is wrong.")
        assert window.page.get_by_label("Password").is_editable()


def test_the_first_screen_needs_no_scrolling(window: Looking, morning: Morning) -> None:
    """Hosts, risks, changes, what cannot be judged and the score, in this order, above the fold."""
    for lang in ("zh", "en"):
        window.goto(f"{morning.unit}?lang={lang}")
        if lang == "zh":
            for part in ("since", "unknown", "score"):
                assert _bottom(window, f"section[aria-labelledby={part}-head]") <= DESKTOP["height"]
        order = [
            _bottom(window, f"section[aria-labelledby={part}-head]")
            for part in ("hosts", "major", "since")
        ]
        assert order == sorted(order)
        assert order[1] <= DESKTOP["height"]


def test_a_host_begins_with_its_findings(window: Looking, morning: Morning) -> None:
    """Findings, what cannot be judged and the score fit one screen."""
    window.goto(morning.host("scada-02"))

    for part in ("open", "unknown", "score"):
        assert _bottom(window, f"section[aria-labelledby={part}-head] h2") <= DESKTOP["height"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_runs_off_a_narrow_screen(
    browser: Browser, address: str, morning: Morning, lang: str
) -> None:
    """Wide tables scroll in themselves; the page does not."""
    with looking(browser, address, size=NARROW) as window:
        window.goto(f"/sign-in?lang={lang}")
        assert window.measure(OVERFLOWING) == []
        window.sign_in("admin", morning.password)
        for path in paths(morning):
            window.goto(path)
            window.measure("() => document.querySelectorAll('details').forEach(d => d.open = true)")
            assert window.measure(OVERFLOWING) == [], path


def test_nothing_is_asked_of_anybody_else(window: Looking, morning: Morning) -> None:
    """Every request goes to the server itself, and the browser has nothing to complain about."""
    for path in ("/sign-in", *paths(morning)):
        window.goto(path)

    assert {asked for asked in window.asked if not asked.startswith(f"{window.url}/")} == set()
    assert window.complained == []


def test_script_is_not_run_even_if_it_gets_in(window: Looking, morning: Morning) -> None:
    """Inline, by an attribute, from an address: the browser refuses each."""
    window.goto(morning.unit)

    with pytest.raises(Error, match="Content Security Policy"):
        window.page.add_script_tag(content="document.title = 'stolen'")
    window.measure(
        """() => {
          const e = document.createElement('div');
          e.innerHTML = '<img src=x onerror="document.title = 1"><a href="javascript:1">x</a>';
          document.body.append(e);
        }"""
    )
    window.page.wait_for_timeout(200)

    assert "示例单位" in window.page.title()
    assert any("Content Security Policy" in said for said in window.complained)


def test_the_cookie_is_kept_from_script(window: Looking) -> None:
    """Script, did it run, would not see the session; other sites' forms would not carry it."""
    cookies = {cookie.get("name"): cookie for cookie in window.page.context.cookies()}
    session = cookies["__Host-anfang"]

    assert session.get("secure")
    assert session.get("httpOnly")
    assert session.get("sameSite") == "Lax"
    assert "__Host-anfang" not in window.measure("() => document.cookie")


def test_another_site_cannot_use_the_session(window: Looking, morning: Morning) -> None:
    """A page elsewhere that sends our forms or frames our pages gets nothing, and ends nothing."""
    window.page.route(
        "https://evil.example/",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f'<form method=post action="{window.url}/sign-out"><button>x</button></form>'
            f'<iframe src="{window.url}{morning.unit}"></iframe>',
        ),
    )
    window.page.goto("https://evil.example/")
    framed = window.page.frames[1]
    assert "示例单位" not in framed.content()
    window.page.click("button")
    window.page.wait_for_url("**/sign-in")

    window.goto(morning.unit)

    assert window.page.locator("h1").inner_text() == "示例单位"


def test_the_keyboard_is_enough(window: Looking, morning: Morning) -> None:
    """First the way past the head, then everything in the order it is read; focus is seen."""
    window.goto(morning.host("scada-02"))
    page = window.page
    page.keyboard.press("Tab")
    first = page.locator(":focus")
    assert first.inner_text() == "跳到正文"
    assert first.is_visible()
    page.keyboard.press("Enter")
    assert page.locator("main:focus").count() == 1

    tops, seen = [], []
    for _ in range(25):
        page.keyboard.press("Tab")
        focus = page.locator(":focus")
        box = focus.bounding_box()
        assert box is not None
        tops.append(box["y"] + window.measure("() => scrollY"))
        seen.append(focus.evaluate("e => parseFloat(getComputedStyle(e).outlineWidth)"))

    assert all(later >= earlier - 30 for earlier, later in pairwise(tops))
    assert min(seen) >= 2


def test_details_open_by_keyboard(window: Looking, morning: Morning) -> None:
    """The score receipt is a key away."""
    window.goto(morning.host("scada-02"))
    receipt = window.page.locator("details.receipt")
    assert receipt.get_attribute("open") is None

    receipt.locator("summary").focus()
    window.page.keyboard.press("Enter")

    assert receipt.get_attribute("open") is not None
    assert receipt.get_by_text("合计").is_visible()


def test_a_link_opens_the_check_it_leads_to(window: Looking, morning: Morning) -> None:
    """What could not be judged is folded away, until somebody asks for it."""
    window.goto(morning.host("oa-04"))
    link = window.page.locator("section[aria-labelledby=unknown-head] a").first
    anchor = link.get_attribute("href")
    assert anchor is not None
    check = window.page.locator(f"[id='{anchor[1:]}']")
    assert not check.is_visible()

    link.click()

    check.wait_for(state="visible")
    assert "无法判定的原因" in check.inner_text()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_text_stands_out_from_its_ground(window: Looking, morning: Morning, lang: str) -> None:
    """At least 4.5 to 1, everywhere (WCAG 2.2 AA)."""
    for path in ("/sign-in", *paths(morning)):
        window.goto(f"{path}{'&' if '?' in path else '?'}lang={lang}")
        window.measure("() => document.querySelectorAll('details').forEach(d => d.open = true)")
        assert window.measure(CONTRASTS) == [], path


def test_pages_print_on_a4(window: Looking, morning: Morning) -> None:
    """Without what only a screen needs, and with what a screen folds away."""
    for path in (morning.unit, morning.host("scada-02")):
        window.goto(path)
        assert media_boxes(window.page.pdf(prefer_css_page_size=True)) == {A4}
    window.page.emulate_media(media="print")

    assert not window.page.locator(".top nav").is_visible()
    assert not window.page.locator(".crumbs").is_visible()
    assert window.page.locator(".mark").is_visible()
    assert window.page.locator("details.receipt tfoot").is_visible()
