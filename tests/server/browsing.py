"""A real Chromium on the real pages."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.server.estate import Morning

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
NARROW: ViewportSize = {"width": 420, "height": 900}


@dataclass
class Looking:
    """One visitor's window, and what went on in it."""

    page: Page
    url: str
    asked: list[str] = field(default_factory=list)
    """Every address that was asked for."""
    complained: list[str] = field(default_factory=list)
    """What the browser wrote to its console, and dialogs that opened."""

    def goto(self, path: str) -> None:
        """Follow the address `path`."""
        self.page.goto(self.url + path)

    def sign_in(self, name: str, password: str) -> None:
        """Fill in the form, and wait for what comes after it."""
        self.goto("/sign-in")
        self.page.fill("#name", name)
        self.page.fill("#password", password)
        self.page.click("main button")
        self.page.wait_for_selector(".who")

    def measure(self, script: str) -> Any:
        """What `script` answers in the page; where pages may not run script, tests still may."""
        return self.page.evaluate(script)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def looking(
    browser: Browser, url: str, *, size: ViewportSize = DESKTOP, script: bool = True
) -> Iterator[Looking]:
    """A fresh window on the server at `url`, whose certificate authority is its own."""
    context = browser.new_context(
        ignore_https_errors=True, viewport=size, java_script_enabled=script
    )
    window = Looking(context.new_page(), url)
    window.page.on("request", lambda request: window.asked.append(request.url))
    window.page.on("console", lambda message: window.complained.append(message.text))
    window.page.on("pageerror", lambda error: window.complained.append(str(error)))
    yield window
    context.close()


def paths(morning: Morning) -> list[str]:
    """Every kind of page, signed in."""
    host = morning.host("scada-02")
    return [
        morning.unit,
        f"{morning.unit}?all",
        host,
        morning.host("hist-03"),
        morning.host("oa-04"),
        morning.host("web-09"),
        f"{host}/tables/usb_devices",
        f"{morning.host('oa-04')}/tables/shadow",
    ]


def media_boxes(pdf: bytes) -> set[tuple[int, int]]:
    """The sizes of the pages in `pdf`, in points."""
    found = re.findall(rb"/MediaBox ?\[ ?0 0 ([\d.]+) ([\d.]+) ?\]", pdf)
    return {(round(float(width)), round(float(height))) for width, height in found}
