"""Reading messages of the playground in tests: texts, buttons, pictures."""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


def parts(message: Json) -> Iterator[Json]:
    """Every component of a message, however deep."""
    below: list[Json] = list(message.get("components") or [])
    while below:
        part = below.pop(0)
        yield part
        inner = [part[name] for name in ("accessory", "component") if part.get(name)]
        below = [*inner, *(part.get("components") or []), *below]


def text(message: Json) -> str:
    """All that can be read in a card."""
    return "\n".join(part["content"] for part in parts(message) if part["type"] == 10)


def buttons(message: Json) -> dict[str, str]:
    """What follows the job in each custom_id -> the custom_id: `seed`, `u:0`, `keep`."""
    ids = [part["custom_id"] for part in parts(message) if "custom_id" in part]
    return {custom_id.split(":", 3)[-1]: custom_id for custom_id in ids}


def job_of(message: Json) -> str:
    """The job whose buttons stand on a card."""
    return next(iter(buttons(message).values())).split(":")[2]


def pictures(message: Json) -> list[str]:
    return [file["url"] for file in message.get("attachments") or []]


def is_card(message: Json) -> bool:
    """A result with its pictures and buttons."""
    return bool(pictures(message)) and "seed" in buttons(message)


def hidden(message: Json) -> bool:
    """Whether only one person sees it."""
    return bool(message["flags"] & 64)
