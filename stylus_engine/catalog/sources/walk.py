"""One walk over a folder: looks become pages, and nothing is told of twice."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from stylus_engine.catalog import clean
from stylus_engine.catalog.nouns import Item, Page, Skipped
from stylus_engine.catalog.sources.looking import Look, Seen, card_id, item
from stylus_engine.catalog.sources.stamps import News


class Answers(NamedTuple):
    """What Civitai said, by sha256. `asked`: it was asked, and answered."""

    items: Mapping[str, Item]
    asked: bool = False
    trouble: tuple[Skipped, ...] = ()


class Walk:
    """Remembers what was told of, so that equal bytes in equal places make one card."""

    def __init__(self, news: News) -> None:
        self._news = news
        self._ids = set(news.held)

    def page(self, looks: Sequence[Look], answers: Answers) -> Page:
        """What these looks come to: cards, skips, and ids whose bytes are no longer there."""
        told = [each for look in looks for each in self._told(look, answers)]
        known = (look for look in looks if not look.unreachable)  # what was not seen is not gone
        gone = [each for look in known for each in self._news.before.get(look.found.name, ())]
        return Page(
            items=tuple(each for each in told if isinstance(each, Item)),
            skipped=(*answers.trouble, *(each for each in told if isinstance(each, Skipped))),
            gone=tuple(each for each in gone if each not in self._ids),
        )

    def _told(self, look: Look, answers: Answers) -> tuple[Item | Skipped, ...]:
        if look.seen is None:
            return look.skipped
        return self._card(look, look.seen, answers), *look.skipped

    def _card(self, look: Look, seen: Seen, answers: Answers) -> Item | Skipped:
        known = card_id(look.found.name, seen.sha256)
        if known in self._ids:
            what = clean.line(look.found.name, 200)
            why = "The same bytes lie under a name that differs in signs only."
            return Skipped(what=what, reason="duplicate", detail=why)
        self._ids.add(known)
        told = answers.items.get(seen.sha256)
        return item(look.found, seen, told, asked=answers.asked)
