"""Everything the face of the bot may ask for, in one frozen place."""

from dataclasses import dataclass, field
from typing import TypeAlias

from bot.cards.letter import Letter
from bot.clerk import Clerk
from bot.clock import Clock
from bot.crew.bus import Bus
from bot.crew.dispatcher import Dispatcher
from bot.crew.supervisor import Supervisor
from bot.delivery.courier import Courier
from bot.delivery.status import Status
from bot.delivery.wire import Wire
from bot.jobs.line import Line
from bot.metrics import Metrics
from bot.routing.turns import Turns
from bot.settings import Settings
from bot.texts import Say, Texts

LetterWire: TypeAlias = Wire[Letter]


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Made once by `bot.app`, handed to the client, the router and the cogs."""

    settings: Settings
    line: Line
    supervisor: Supervisor
    dispatcher: Dispatcher
    bus: Bus
    wire: LetterWire
    courier: Courier[Letter]
    status: Status[Letter]
    clerk: Clerk
    texts: Texts
    clock: Clock
    metrics: Metrics
    turns: Turns = field(default_factory=Turns)

    def say(self, locale: str) -> Say:
        """How to speak with somebody who reads this language; the settings may say one for all."""
        return self.texts.of(self.settings.texts.locale or locale)

    def now(self) -> float:
        """Seconds since 1970."""
        return self.clock.now()
