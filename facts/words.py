"""What a person reads, in two languages: the shape of every sentence that facts carry."""

from typing import Literal, TypeAlias

import msgspec

Language: TypeAlias = Literal["zh", "en"]


class Words(msgspec.Struct, frozen=True):
    """One thing said twice, Chinese first; neither wording is a translation of the other."""

    zh: str
    en: str

    def to(self, language: Language) -> str:
        """The wording for a reader of `language`."""
        return self.zh if language == "zh" else self.en
