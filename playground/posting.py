"""A judged body becomes a message, or changes one. Nothing here asks for rights."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from playground import components, files
from playground.files import Attachment, Upload
from playground.messages import LOADING, SILENT, SUPPRESS_EMBEDS, V2, Message
from playground.play import Play
from playground.shapes import Json, Refused, as_json, as_list
from playground.world import Channel

MENTION = re.compile(r"<@!?(\d+)>")
EVERYONE = re.compile(r"@(?:everyone|here)\b")


@dataclass(frozen=True, slots=True)
class Form:
    """A message's body and the files that came with it."""

    body: Json
    files: Mapping[int, Upload]

    def flags(self, allowed: int) -> int:
        given = self.body.get("flags") or 0
        return int(given) & allowed


def compose(play: Play, message: Message, form: Form) -> Message:
    """Fill a fresh message and put it into the book. Raises `Refused`."""
    listed = _by_file(form.body)
    uploads = [_kept(play, message, form.files[n], listed.get(n, {})) for n in form.files]
    _fill(message, form, uploads)
    _forbidden_words(play, message)
    message.flags |= form.flags(SUPPRESS_EMBEDS | SILENT | V2)
    message.tts = bool(form.body.get("tts"))
    message.attachments = uploads
    _keep(play, uploads)
    return play.book.add(message)


def revise(play: Play, message: Message, form: Form) -> Message:
    """PATCH: absent keys stay, `attachments` lists all that is to stay, LOADING ends."""
    kept = _after_edit(play, message, form)
    trial = _copy(message)
    _fill(trial, form, kept)
    _forbidden_words(play, trial)
    message.content, message.embeds = trial.content, trial.embeds
    message.components, message.mentions = trial.components, trial.mentions
    message.everyone, message.attachments = trial.everyone, kept
    first_fill = bool(message.flags & LOADING)
    message.flags = _new_flags(message, form)
    message.edited_at = None if first_fill else time.time()
    _keep(play, kept)
    return message


def _copy(message: Message) -> Message:
    return Message(
        message.id,
        message.channel,
        message.author,
        message.made_at,
        content=message.content,
        embeds=message.embeds,
        components=message.components,
        mentions=message.mentions,
        everyone=message.everyone,
    )


def _new_flags(message: Message, form: Form) -> int:
    flags = message.flags & ~LOADING
    if "flags" not in form.body:
        return flags
    return (flags & ~SUPPRESS_EMBEDS) | form.flags(SUPPRESS_EMBEDS | V2)


def _fill(message: Message, form: Form, uploads: Sequence[Attachment]) -> None:
    """What the body names replaces what was there."""
    body, named = form.body, {file.filename: file for file in uploads}
    if "content" in body:
        message.content = str(body["content"] or "")
    if "embeds" in body:
        message.embeds = components.embeds_accepted(as_list(body["embeds"]), named)
    if "components" in body:
        message.components = components.accepted(as_list(body["components"]), named)
    if {"content", "components"} & body.keys():
        _mention(message, body.get("allowed_mentions"))


# --- files


def _by_file(body: Json) -> dict[int, Json]:
    """The `attachments` rows that describe new files, by n."""
    rows = as_list(body.get("attachments"))
    return {int(row["id"]): row for row in rows if str(row.get("id", "")).isdigit()}


def _kept(play: Play, message: Message, upload: Upload, row: Json) -> Attachment:
    name = files.cleaned(str(row.get("filename") or upload.filename))
    return Attachment(
        id=play.ids.next(),
        channel=message.channel,
        filename=name,
        data=upload.data,
        content_type=files.content_type(name, upload.data),
        size=files.picture_size(upload.data),
        description=row.get("description"),
        ephemeral=message.only_for is not None,
    )


def _after_edit(play: Play, message: Message, form: Form) -> list[Attachment]:
    """Old and new files that the message has from now on."""
    listed = _by_file(form.body)
    if "attachments" not in form.body:
        fresh = [_kept(play, message, form.files[n], {}) for n in form.files]
        return [*message.attachments, *fresh]
    old = {file.id: file for file in message.attachments}
    made: list[Attachment] = []
    for id_, row in listed.items():
        if id_ in old:
            made.append(old[id_])
        elif id_ in form.files:
            made.append(_kept(play, message, form.files[id_], row))
    return made


def _keep(play: Play, attachments: Sequence[Attachment]) -> None:
    for attachment in attachments:
        play.store.keep(attachment)


# --- words


def words_of(message: Message) -> Iterator[str]:
    """All that people would read in it."""
    yield message.content
    yield from components.texts(message.components)
    for embed in message.embeds:
        yield from (str(embed.get(key, "")) for key in ("title", "description"))
        for field in embed.get("fields") or ():
            yield from (str(field.get("name")), str(field.get("value")))


def _forbidden_words(play: Play, message: Message) -> None:
    said = "\n".join(words_of(message)).casefold()
    if any(word.casefold() in said for word in play.mischief.automod):
        raise Refused(400, 200000, "Message was blocked by automatic moderation")


def _mention(message: Message, allowed: object) -> None:
    """Who is pinged: everybody who is named, unless `allowed_mentions` says less."""
    said = "\n".join([message.content, *components.texts(message.components)])
    named = tuple(dict.fromkeys(int(id_) for id_ in MENTION.findall(said)))
    rule = as_json(allowed) if allowed is not None else {"parse": ["users", "everyone"]}
    parse = rule.get("parse") or []
    listed = {int(id_) for id_ in rule.get("users") or ()}
    message.mentions = named if "users" in parse else tuple(id_ for id_ in named if id_ in listed)
    message.everyone = "everyone" in parse and EVERYONE.search(said) is not None


def known_mentions(play: Play, message: Message, place: Channel) -> None:
    """Strangers are no mentions; @everyone needs the right, which our bot never has."""
    people = play.world.everybody()
    message.mentions = tuple(id_ for id_ in message.mentions if id_ in people)
    if message.author.bot or place.guild is None:
        message.everyone = False
