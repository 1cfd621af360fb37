"""Tokens of a day: set aside before a question, counted after it. Pure: `now` is Unix time in seconds."""

from dataclasses import dataclass, replace

DAY = 86_400  # seconds; days are those of UTC


@dataclass(frozen=True, slots=True)
class Purse:
    """A value; whoever spends keeps the newest one. `limit` 0 = there is none."""

    limit: int = 0
    day: int = 0
    spent: int = 0
    aside: int = 0

    def at(self, now: float) -> "Purse":
        """The purse of that day: a new day begins with nothing spent, what is set aside stays so."""
        today = int(now // DAY)
        return self if today == self.day else replace(self, day=today, spent=0)

    def fits(self, tokens: int) -> bool:
        """Whether so many more may be spent."""
        return not self.limit or self.spent + self.aside + tokens <= self.limit

    def set_aside(self, tokens: int) -> "Purse":
        """A question that may cost so much begins."""
        return replace(self, aside=self.aside + tokens)

    def settled(self, tokens: int, cost: int) -> "Purse":
        """It ended, and did cost this."""
        return replace(self, aside=self.aside - tokens, spent=self.spent + cost)
