"""A page taken apart: strict about tags, where a browser would forgive."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "rect", "polyline"}
"""Elements without an end tag; the last two are written so in SVG."""
INLINE = {"a", "b", "i", "span", "code", "time"}
"""Elements that run on in their line."""


@dataclass
class Element:
    """One element."""

    tag: str
    attributes: dict[str, str]
    parent: "Element | None" = field(default=None, repr=False)
    children: list["Element | str"] = field(default_factory=list, repr=False)

    def all(self, *tags: str) -> Iterator["Element"]:
        """Every element below with one of these tags, in order."""
        for child in self.children:
            if isinstance(child, Element):
                if child.tag in tags or not tags:
                    yield child
                yield from child.all(*tags)

    @property
    def text(self) -> str:
        """What is read in it, blanks made one."""
        return " ".join("".join(self._parts()).split())

    def _parts(self) -> Iterator[str]:
        apart = "" if self.tag in INLINE else " "
        yield apart
        for child in self.children:
            yield from [child] if isinstance(child, str) else child._parts()
        yield apart


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.at = self.root = Element("", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(set(names)) < len(names):
            raise ValueError(f"<{tag}> has an attribute twice: {names}")
        element = Element(tag, {name: value or "" for name, value in attrs}, self.at)
        self.at.children.append(element)
        if tag not in VOID:
            self.at = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag != self.at.tag or self.at.parent is None:
            raise ValueError(f"</{tag}> ends <{self.at.tag}> at {self.getpos()}")
        self.at = self.at.parent

    def handle_data(self, data: str) -> None:
        self.at.children.append(data)


def read(page: str) -> Element:
    """The elements of `page`.

    Raises:
        ValueError: a tag is not closed, or not where it belongs, or has an attribute twice.
    """
    if not page.startswith("<!doctype html>\n<html "):
        raise ValueError("no doctype")
    reader = _Reader()
    reader.feed(page.removeprefix("<!doctype html>"))
    reader.close()
    if reader.at is not reader.root:
        raise ValueError(f"<{reader.at.tag}> is not closed")
    (html,) = reader.root.all("html")
    return html
