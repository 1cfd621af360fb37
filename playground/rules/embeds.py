"""Embeds: a picture, a few texts, fields.  Discord trims their texts before it counts."""

from collections.abc import Iterator

from playground.rules.fields import flag, many, of, one, text, url, when, whole
from playground.rules.nouns import Finding, Thing
from playground.rules.reading import text as said
from playground.rules.reading import thing, things
from playground.rules.tree import Field, Rule, Spot, rule

MOST_IN_ALL = 6000
PICTURES = ("jpg", "jpeg", "png", "webp", "gif")
WEB = ("http", "https")
MEDIA = (*WEB, "attachment")
BIGGEST_COLOUR = 0xFFFFFF

TABLE: tuple[Field, ...] = (
    text("embed", "type", 152133),
    text("embed", "title", 256, trimmed=True),
    text("embed", "description", 4096, trimmed=True),
    url("embed", "url", 2048, *WEB),
    whole("embed", "color", 0, BIGGEST_COLOUR),
    when("embed", "timestamp"),
    one("embed", "author", of("embed.author")),
    one("embed", "footer", of("embed.footer")),
    one("embed", "image", of("embed.media")),
    one("embed", "thumbnail", of("embed.media")),
    one("embed", "video", of("embed.media")),
    one("embed", "provider", of("embed.provider")),
    many("embed", "fields", of("embed.field"), most=25),
    text("embed.author", "name", 256, trimmed=True),
    url("embed.author", "url", 2048, *WEB),
    url("embed.author", "icon_url", 2048, *MEDIA),
    text("embed.footer", "text", 2048, trimmed=True),
    url("embed.footer", "icon_url", 2048, *MEDIA),
    url("embed.media", "url", 2048, *MEDIA),
    whole("embed.media", "width"),
    whole("embed.media", "height"),
    text("embed.media", "placeholder", 64),
    whole("embed.media", "placeholder_version", 0, 2**31 - 1),
    flag("embed.media", "is_animated"),
    text("embed.media", "description", 4096),
    text("embed.provider", "name", 256, trimmed=True),
    url("embed.provider", "url", 2048, *WEB),
    text("embed.field", "name", 256, least=1, needed=True, trimmed=True),
    text("embed.field", "value", 1024, least=1, needed=True, trimmed=True),
    flag("embed.field", "inline"),
)


@rule("message")
def all_embeds_together_hold_6000(spot: Spot) -> Iterator[Finding]:
    if sum(map(_size, things(spot.get("embeds")))) > MOST_IN_ALL:
        message = f"Embed size exceeds maximum size of {MOST_IN_ALL}"
        yield Finding(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", message)


def _size(embed: Thing) -> int:
    texts = [embed.get("title"), embed.get("description")]
    texts += [thing(embed.get("footer")).get("text"), thing(embed.get("author")).get("name")]
    for field in things(embed.get("fields")):
        texts += [field.get("name"), field.get("value")]
    return sum(len(said(part).strip()) for part in texts)


@rule("embed.media")
def an_attachment_shown_is_a_picture(spot: Spot) -> Iterator[Finding]:
    """One that was not sent is dropped in silence, so it is no finding here."""
    address = said(spot.get("url"))
    if address.startswith("attachment://") and not address.lower().endswith(PICTURES):
        message = f"Only {', '.join(PICTURES)} may stand in an embed."
        yield Finding(("url",), "EMBED_MEDIA_TYPE_INVALID", message)


ENTRIES: tuple[Rule | Field, ...] = (
    *TABLE,
    all_embeds_together_hold_6000,
    an_attachment_shown_is_a_picture,
)
