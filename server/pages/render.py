"""Templates and what they may call: words in two languages, times, and cells made safe."""

from functools import partial
from typing import Any

import jinja2

from evidence import statement
from facts import reasons
from facts.status import Reason
from policies import plain, shown, words
from policies.model import Text
from server.pages import views
from server.pages.access import Lang

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
    visible=lambda value: plain.visible(str(value)),
    cell=shown.cell,
)


def page(template: str, lang: Lang, **values: Any) -> str:
    """The page `template` in `lang`."""
    return _templates.get_template(template).render(
        lang=lang,
        t=partial(_pick, lang),
        say=partial(_say, lang),
        because=partial(_because, lang),
        time=_time,
        **values,
    )


def _pick(lang: Lang, zh: str, en: str) -> str:
    return zh if lang == "zh" else en


def _say(lang: Lang, text: Text) -> str:
    """The wording of something bilingual."""
    return text.zh if lang == "zh" else text.en


def _because(lang: Lang, reason: statement.Reason) -> str:
    """A reason as a sentence; its arguments come from the host."""
    return plain.visible(reasons.say(Reason(reason.code, reason.args), lang))


def _time(stamp: str) -> str:
    """A time in Beijing, to the second; what a host says and is no time stays as it is."""
    try:
        return plain.beijing(stamp)
    except ValueError:
        return plain.visible(stamp)
