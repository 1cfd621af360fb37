"""What people write, upload and delete; and what they order to go wrong."""

import time
from dataclasses import replace
from urllib.parse import unquote

from aiohttp import web

from playground import files, payloads, permissions
from playground.files import Attachment
from playground.gateway.socket import Connection
from playground.interactions import Interaction
from playground.messages import SNAPSHOT, Message
from playground.people.wishes import Wish, Wrong, find_channel, find_user
from playground.play import PLAY, Play
from playground.posting import Form, compose, known_mentions
from playground.shapes import as_json

LONGEST = 2000
OK = {"ok": True}


async def write(request: web.Request) -> web.Response:
    """A person writes a message; `attachments` are ids of earlier uploads."""
    wish = await Wish.read(request)
    play, place, content = wish.play, wish.channel(), wish.text("content", "")
    play.reopen(place)
    attached = [_uploaded(play, str(id_)) for id_ in wish.body.get("attachments") or ()]
    if not (content.strip() or attached) or len(content) > LONGEST:
        raise Wrong(f"A message has 1 to {LONGEST} characters.")
    fresh = Message(play.ids.next(), place.id, wish.user(), time.time())
    message = compose(play, fresh, Form({"content": content}, {}))
    message.attachments = [_moved(play, file, place.id) for file in attached]
    known_mentions(play, message, place)
    play.message_made(message)
    return web.json_response(play.shown(message))


async def forward(request: web.Request) -> web.Response:
    """A person forwards a message, into the channel `to` or the one where it stands."""
    wish = await Wish.read(request)
    play, first = wish.play, wish.message()
    place = find_channel(play, wish.text("to", str(first.channel)))
    if first.only_for is not None or place.recipient not in {None, wish.user().id}:
        raise Wrong("That cannot be forwarded there.", 403)
    message = Message(play.ids.next(), place.id, wish.user(), time.time(), flags=SNAPSHOT)
    message.forwards = replace(first)
    play.book.add(message)
    play.message_made(message)
    return web.json_response(play.shown(message))


def _uploaded(play: Play, id_: str) -> Attachment:
    found = play.store.files.get(int(id_)) if id_.isdigit() else None
    if found is None:
        raise Wrong("That attachment was not uploaded.")
    return found


def _moved(play: Play, file: Attachment, channel: int) -> Attachment:
    """The same file as a message of that channel carries it."""
    return play.store.keep(replace(file, id=play.ids.next(), channel=channel, ephemeral=False))


async def upload(request: web.Request) -> web.Response:
    """The raw bytes of a picture a person attaches to a command."""
    play = request.app[PLAY]
    data = await request.read()
    if len(data) > play.mischief.upload_limit:
        raise Wrong("Your files are too powerful.", 413)
    name = files.cleaned(unquote(request.query.get("filename", "unknown")))
    kept = Attachment(
        id=play.ids.next(),
        channel=play.world.bot.id,
        filename=name,
        data=data,
        content_type=request.query.get("content_type") or files.content_type(name, data),
        size=files.picture_size(data),
        ephemeral=True,
    )
    return web.json_response(play.store.payload(play.store.keep(kept)))


async def delete(request: web.Request) -> web.Response:
    """The author, a moderator, or the one who sees an ephemeral message."""
    wish = await Wish.read(request)
    message, user = wish.message(), wish.user()
    held = wish.play.world.permissions(user, wish.channel())
    own = user.id in {message.author.id, message.only_for}
    if not own and not permissions.has(held, "MANAGE_MESSAGES"):
        raise Wrong("Only its author or a moderator may delete it.", 403)
    wish.play.message_gone(message)
    return web.json_response(OK)


async def open_direct(request: web.Request) -> web.Response:
    """A person opens the direct channel to the bot."""
    wish = await Wish.read(request)
    place = wish.play.world.direct(wish.user().id, wish.play.ids.next())
    return web.json_response({"channel": str(place.id)})


# --- mischief


async def add_fault(request: web.Request) -> web.Response:
    wish = await Wish.read(request)
    try:
        fault = wish.play.faults.add(wish.body)
    except ValueError as error:
        raise Wrong(str(error)) from None
    return web.json_response({"id": fault.id})


async def clear_faults(request: web.Request) -> web.Response:
    request.app[PLAY].faults.clear()
    return web.json_response(OK)


async def gateway(request: web.Request) -> web.Response:
    """Something happens to every open socket of the bot."""
    wish = await Wish.read(request)
    what = wish.text("do")
    if what not in {"reconnect", "invalid", "close", "drop", "silence"}:
        raise Wrong("do is reconnect, invalid, close, drop or silence.")
    lines = [session.line for session in wish.play.sessions.open()]
    for line in lines:
        if isinstance(line, Connection):
            _happen(line, what, wish)
    return web.json_response({"sockets": len(lines)})


def _happen(line: Connection, what: str, wish: Wish) -> None:
    resumable = bool(wish.body.get("resumable", True))
    if what == "reconnect":
        line.say(7)
    elif what == "invalid":
        _invalidate(line, wish.play, resumable=resumable)
    elif what == "close":
        _close(line, wish.play, int(wish.text("code", "4000")), resumable=resumable)
    elif what == "drop":
        line.drop()
    else:
        line.silent = True


def _invalidate(line: Connection, play: Play, *, resumable: bool) -> None:
    if not resumable and line.session is not None:
        play.sessions.end(line.session)
    line.say(9, resumable)


def _close(line: Connection, play: Play, code: int, *, resumable: bool) -> None:
    if not resumable and line.session is not None:
        play.sessions.end(line.session)
    line.close(code)


async def rights(request: web.Request) -> web.Response:
    """Take permissions from the bot in a channel; an empty list gives all back."""
    wish = await Wish.read(request)
    names = [str(name) for name in wish.body.get("deny") or ()]
    try:
        denied = permissions.bits(names)
    except KeyError as error:
        raise Wrong(f"There is no permission {error.args[0]}.") from None
    place = wish.channel_alone()
    place.denied = denied
    data = payloads.channel(wish.play.world, place)
    wish.play.sessions.tell("CHANNEL_UPDATE", data, guild=place.guild)
    return web.json_response(OK)


async def thread(request: web.Request) -> web.Response:
    """Somebody closes a thread, locks it, or opens it again."""
    wish = await Wish.read(request)
    place, body = wish.channel_alone(), wish.body
    if place.parent is None:
        raise Wrong("That is no thread.")
    archived, locked = bool(body.get("archived")), bool(body.get("locked"))
    wish.play.thread_changed(place, archived=archived, locked=locked)
    return web.json_response(OK)


async def clock(request: web.Request) -> web.Response:
    """Time passes for what was asked."""
    wish = await Wish.read(request)
    play = wish.play
    if wish.body.get("forget_nonces"):
        play.book.nonces.clear()
    if wish.body.get("expire_tokens"):
        _expire(list(play.interactions.by_id.values()))
    older = float(wish.body.get("age_messages") or 0)
    for message in play.book.by_id.values():
        message.made_at -= older
    return web.json_response(OK)


def _expire(interactions: list[Interaction]) -> None:
    for interaction in interactions:
        interaction.token_dead = True


async def settings(request: web.Request) -> web.Response:
    """Closed doors, forbidden words, a smaller upload limit."""
    wish = await Wish.read(request)
    mischief, body = wish.play.mischief, as_json(wish.body)
    if "dms_closed" in body:
        closed = [find_user(wish.play, str(name)).id for name in body["dms_closed"]]
        mischief.dms_closed = set(closed)
    if "automod" in body:
        mischief.automod = tuple(str(word) for word in body["automod"])
    if "upload_limit" in body:
        mischief.upload_limit = int(body["upload_limit"])
    return web.json_response(OK)
