"""Files and what points to them: how many, how big, and no name without a file."""

from collections.abc import Iterator
from urllib.parse import unquote

from playground.rules.fields import flag, identity, many, of, text, url, whole
from playground.rules.nouns import MIB, Finding
from playground.rules.reading import is_number, listed, snowflake, thing, things
from playground.rules.reading import text as said
from playground.rules.states import before, files_named, is_edit, kept
from playground.rules.tree import Field, Rule, Spot, inside, rule

MOST = 10
MOST_BYTES = 25 * MIB
REFERENCE = "attachment://"
BIGGEST_INT32 = 2**31 - 1

TABLE: tuple[Field, ...] = (
    many("message", "attachments", of("attachment")),
    identity("attachment", "id", needed=True),
    text("attachment", "filename", 1024, least=1),
    text("attachment", "title", 1024),
    text("attachment", "description", 1024),
    whole("attachment", "duration_secs", 0, BIGGEST_INT32, fits=is_number),
    text("attachment", "waveform", 400),
    flag("attachment", "is_spoiler"),
    flag("attachment", "is_remix"),
    url("media", "url", 2048, "http", "https", "attachment", needed=True),
)


@rule("message")
def at_most_10_attachments_are_left(spot: Spot) -> Iterator[Finding]:
    if len(kept(spot)) + len(spot.call.context.files) > MOST:
        message = f"Must be {MOST} or fewer in length."
        yield Finding(("attachments",), "BASE_TYPE_MAX_LENGTH", message)


@rule("message")
def every_attachment_named_is_there(spot: Spot) -> Iterator[Finding]:
    """Sent with this request, or on the message already."""
    here = {snowflake(old.get("id")) for old in things(before(spot).get("attachments"))}
    here |= set(spot.call.context.files)
    unknown = is_edit(spot) and spot.call.context.message is None
    for index, entry in enumerate(listed(spot.get("attachments"))):
        name = snowflake(thing(entry).get("id"))
        if name is not None and name not in here and not unknown:
            yield Finding(("attachments", index), "ATTACHMENT_NOT_FOUND", "Unknown attachment.")


@rule("message")
def media_shows_a_file_that_is_there(spot: Spot) -> Iterator[Finding]:
    """Only in components: in an embed Discord drops such a picture in silence."""
    names = files_named(spot)
    unknown = is_edit(spot) and spot.call.context.message is None
    for media in inside(spot, "media"):
        address = said(media.get("url"))
        lost = address.startswith(REFERENCE) and unquote(address[len(REFERENCE) :]) not in names
        if lost and not unknown:
            error = "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"
            path = (*media.path[len(spot.path) :], "url")
            yield Finding(path, error, "The referenced attachment was not found.")


@rule("media.file")
def a_file_component_shows_an_attachment(spot: Spot) -> Iterator[Finding]:
    address = said(spot.get("url"))
    if address and not address.startswith(REFERENCE):
        message = "A file component must reference an attachment."
        yield Finding(("url",), "UNFURLED_MEDIA_ITEM_ATTACHMENT_REQUIRED", message)


@rule("request")
def every_file_is_small_enough(spot: Spot) -> Iterator[Finding]:
    limit = spot.call.context.upload_limit
    if any(file.size > limit for file in spot.call.context.files.values()):
        yield Finding((), "", "Request entity too large", 40005, 413)


@rule("request")
def the_whole_request_is_small_enough(spot: Spot) -> Iterator[Finding]:
    if spot.call.context.request_size > MOST_BYTES:
        yield Finding((), "", "Request entity too large", 40005, 413)


ENTRIES: tuple[Rule | Field, ...] = (
    *TABLE,
    at_most_10_attachments_are_left,
    every_attachment_named_is_there,
    media_shows_a_file_that_is_there,
    a_file_component_shows_an_attachment,
    every_file_is_small_enough,
    the_whole_request_is_small_enough,
)
