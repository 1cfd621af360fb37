"""What people read, in their language: one Fluent catalogue per locale, `en` complete.

Law of this room: it has never heard of Discord.  `Texts.load()` reads the catalogues
once; `texts.of(locale)` never fails (an unknown language reads English), and a `Say`
says one message: `say("status-place", number=3, of=8)`.  Facts that somebody typed
are escaped by whoever hands them in (`bot.texts.escape`).

`en-x-long` is made from `en` by the machine: every text 40 % longer and accented, so
that tests see which card cannot hold another language.
"""

from bot.texts.catalogue import FALLBACK, LONG, Say, Texts, UnknownText

__all__ = ["FALLBACK", "LONG", "Say", "Texts", "UnknownText"]
