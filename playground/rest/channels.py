"""Messages by the bot token, channels, guilds, users."""

import time
from dataclasses import replace

from playground import payloads, permissions
from playground.limits import limited
from playground.messages import REPLY, Message, page
from playground.posting import compose, known_mentions, revise
from playground.rest.call import Call, forbidden
from playground.shapes import NO_CONTENT, Answer, Refused, as_json, invalid_form, unknown
from playground.threads import unchanged_while_archived
from playground.world import Channel

OLD, EDIT_WINDOW = 3600.0, 60.0


def _allowed(call: Call, place: Channel, *names: str) -> int:
    """The bot's rights there. Raises 50001 when it cannot see it, 50013 when one is missing."""
    held = call.play.world.permissions(call.play.world.bot, place)
    if not permissions.has(held, "VIEW_CHANNEL"):
        raise forbidden("Missing Access", 50001)
    if not permissions.has(held, *names):
        raise forbidden()
    return held


def _writing(place: Channel) -> str:
    return "SEND_MESSAGES" if place.parent is None else "SEND_MESSAGES_IN_THREADS"


def _message(call: Call, place: Channel) -> Message:
    """An ephemeral message does not exist for the bot token."""
    found = call.play.book.get(place.id, call.id("message_id"))
    if not found.reachable_by_bot():
        raise unknown("message")
    return found


def create(call: Call) -> Answer:
    place = call.channel()
    held = _allowed(call, place, _writing(place))
    if call.files and not permissions.has(held, "ATTACH_FILES"):
        raise forbidden()
    if place.recipient in call.play.mischief.dms_closed:
        raise Refused(403, 50007, "Cannot send messages to this user")
    call.judge()
    call.play.reopen(place)
    again = _same_nonce(call)
    return Answer(200, call.play.shown(again or _posted(call, place, held)))


def _same_nonce(call: Call) -> Message | None:
    body = call.json()
    if not body.get("enforce_nonce") or body.get("nonce") is None:
        return None
    seconds = call.play.settings.nonce_seconds
    author = call.play.world.bot.id
    return call.play.book.remembered(author, str(body["nonce"]), time.time(), seconds)


def _posted(call: Call, place: Channel, held: int) -> Message:
    play, now, form = call.play, time.time(), call.form()
    if not permissions.has(held, "EMBED_LINKS"):
        form = replace(form, body={**form.body, "embeds": []})
    fresh = Message(play.ids.next(), place.id, play.world.bot, now, nonce=form.body.get("nonce"))
    _reply(call, fresh, place, held)
    message = compose(play, fresh, form)
    known_mentions(play, message, place)
    play.book.remember(message, now)
    play.message_made(message)
    return message


def _reply(call: Call, fresh: Message, place: Channel, held: int) -> None:
    """Replying needs the history, and the message, unless told to go on without it."""
    reference = as_json(call.json().get("message_reference"))
    if not reference or reference.get("type", 0) != 0:
        return
    if not permissions.has(held, "READ_MESSAGE_HISTORY"):
        raise Refused(403, 160002, "Cannot reply without permission to read message history")
    target = call.play.book.by_id.get(int(reference.get("message_id") or 0))
    if target is not None and target.channel == place.id and target.reachable_by_bot():
        fresh.reply_to, fresh.kind = target.id, REPLY
    elif reference.get("fail_if_not_exists", True):
        path = ("message_reference",)
        raise invalid_form(path, "REPLIES_UNKNOWN_MESSAGE", "Unknown message")


def edit(call: Call) -> Answer:
    place = call.channel()
    held = _allowed(call, place)
    message = _message(call, place)
    if message.author.id != call.play.world.bot.id:
        raise forbidden("Cannot edit a message authored by another user", 50005)
    if call.files and not permissions.has(held, "ATTACH_FILES"):
        raise forbidden()
    call.judge(call.context(message))
    unchanged_while_archived(place)
    _old_enough_for_limits(call, message)
    revise(call.play, message, call.form())
    known_mentions(call.play, message, place)
    call.play.message_changed(message)
    return Answer(200, call.play.shown(message))


def _old_enough_for_limits(call: Call, message: Message) -> None:
    """Messages older than an hour may be edited only so often: 429 with 30046."""
    if time.time() - message.made_at <= OLD:
        return
    now = time.monotonic()
    message.edits = [at for at in message.edits if now - at < EDIT_WINDOW]
    if len(message.edits) >= call.play.settings.old_edits:
        said = "Maximum number of edits to messages older than 1 hour reached. Try again later."
        seconds = message.edits[0] + EDIT_WINDOW - now
        raise limited(seconds, {}, scope="shared", code=30046, message=said)
    message.edits.append(now)


def delete(call: Call) -> Answer:
    place = call.channel()
    _allowed(call, place)
    message = _message(call, place)
    if message.author.id != call.play.world.bot.id:
        if place.guild is None:
            raise forbidden("Cannot execute action on a DM channel", 50003)
        _allowed(call, place, "MANAGE_MESSAGES")
    unchanged_while_archived(place)
    call.play.message_gone(message)
    return NO_CONTENT


def get_message(call: Call) -> Answer:
    place = call.channel()
    _allowed(call, place, "READ_MESSAGE_HISTORY")
    return Answer(200, call.play.shown(_message(call, place)))


def list_messages(call: Call) -> Answer:
    """Newest first; without READ_MESSAGE_HISTORY an empty list, not an error."""
    place = call.channel()
    held = _allowed(call, place)
    limit = call.number("limit", 50, 1, 100)
    bounds = {name: call.snowflake(name) for name in ("before", "after", "around")}
    if sum(bound is not None for bound in bounds.values()) > 1:
        raise invalid_form(("_misc",), "MUTUALLY_EXCLUSIVE", "Only one of before, after, around.")
    if not permissions.has(held, "READ_MESSAGE_HISTORY"):
        return Answer(200, [])
    seen = [message for message in call.play.book.of(place.id) if message.reachable_by_bot()]
    return Answer(200, [call.play.shown(message) for message in page(seen, limit=limit, **bounds)])


def typing(call: Call) -> Answer:
    place = call.channel()
    _allowed(call, place, _writing(place))
    bot = str(call.play.world.bot.id)
    news = {"type": "typing", "channel": str(place.id), "user": bot}
    call.play.hub.tell(news, only=call.play.audience(place))
    return NO_CONTENT


def get_channel(call: Call) -> Answer:
    place = call.channel()
    _allowed(call, place)
    return Answer(200, payloads.channel(call.play.world, place))


def get_guild(call: Call) -> Answer:
    return Answer(200, payloads.guild(call.play.world, call.guild()))


def guild_channels(call: Call) -> Answer:
    world = call.play.world
    found = [world.channels[id_] for id_ in call.guild().channels]
    return Answer(200, [payloads.channel(world, place) for place in found])


def get_member(call: Call) -> Answer:
    call.guild()
    person = call.play.world.everybody().get(call.id("user_id"))
    if person is None:
        raise Refused(404, 10007, "Unknown Member")
    return Answer(200, payloads.full_member(person))


def get_user(call: Call) -> Answer:
    person = call.play.world.everybody().get(call.id("user_id"))
    if person is None:
        raise unknown("user")
    return Answer(200, payloads.user(person))


def open_direct(call: Call) -> Answer:
    """The same channel every time; the person hears of it with the first message."""
    call.judge()
    wanted = str(call.json().get("recipient_id", ""))
    person = call.play.world.users.get(int(wanted)) if wanted.isdigit() else None
    if person is None:
        raise Refused(400, 50033, "Invalid Recipient(s)")
    place = call.play.world.direct(person.id, call.play.ids.next())
    return Answer(200, payloads.channel(call.play.world, place))
