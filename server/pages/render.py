"""Templates and what they may call: words in two languages, times, and cells made safe."""

from functools import partial
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup, escape

from evidence import statement
from facts import reasons
from facts.status import Reason
from facts.words import Words
from policies import plain, shown, words
from policies.model import Text
from server import clock
from server.pages import views
from server.pages.access import Lang


def ticked(text: str) -> Markup:
    """`text` with what stands between backticks as code; an odd one stays as it is."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        parts[-2:] = [f"{parts[-2]}`{parts[-1]}"]
    said = (_CODE.format(part) if n % 2 else escape(part) for n, part in enumerate(parts))
    return Markup("").join(said)


_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("server.pages"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals.update(
    words=words,
    MARKS=words.MARKS,
    percent=views.percent,
    sentence=shown.sentence,
)
_templates.filters.update(
    visible=lambda value: plain.excerpt(str(value)),
    cell=shown.cell,
    ticked=ticked,
    segment=lambda value: quote(str(value), safe=""),
)

_CODE = Markup("<code>{}</code>")
_TIME = Markup('<time datetime="{}">{}</time>')
_MINUTES = len("2026-11-23 16:00")


def page(template: str, lang: Lang, **values: Any) -> str:
    """The page `template` in `lang`."""
    return _templates.get_template(template).render(
        lang=lang,
        t=partial(_pick, lang),
        say=partial(_say, lang),
        because=partial(_because, lang),
        time=_time,
        brief=_brief,
        age=partial(_age, lang),
        span=partial(_span, lang),
        **values,
    )


def _pick(lang: Lang, zh: str, en: str) -> str:
    return zh if lang == "zh" else en


def _say(lang: Lang, text: Text | Words) -> str:
    """The wording of something bilingual."""
    return text.zh if lang == "zh" else text.en


def _because(lang: Lang, reason: statement.Reason) -> str:
    """A reason as a sentence; its arguments come from the host."""
    return plain.excerpt(reasons.say(Reason(reason.code, reason.args), lang))


def _time(stamp: str) -> str:
    """A time in Beijing, to the second; what a host says and is no time stays as it is."""
    try:
        return _TIME.format(stamp, plain.beijing(stamp))
    except ValueError:
        return plain.excerpt(stamp)


def _brief(stamp: str) -> str:
    """A time in Beijing, to the minute; the page says once which zone it is."""
    try:
        return _TIME.format(stamp, plain.beijing(stamp)[:_MINUTES])
    except ValueError:
        return plain.excerpt(stamp)


def _age(lang: Lang, stamp: str, now: str) -> str:
    """How long ago `stamp` was, in its largest unit."""
    try:
        return _span(lang, int((clock.moment(now) - clock.moment(stamp)).total_seconds()))
    except ValueError:
        return ""


def _span(lang: Lang, seconds: int) -> str:
    """So many seconds in their largest unit, rounded down."""
    for unit, zh, en in ((86400, "天", "d"), (3600, "小时", "h"), (60, "分钟", "min")):
        if seconds >= unit:
            return f"{seconds // unit} {_pick(lang, zh, en)}"
    return _pick(lang, "不到 1 分钟", "less than 1 min")
