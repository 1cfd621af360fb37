"""After the first answer: @original, its kin and follow-ups, by the interaction's token."""

import time

from playground import interactions as kinds
from playground.interactions import Interaction
from playground.messages import DEFAULT, LOADING, REPLY, Message
from playground.posting import compose, known_mentions, revise
from playground.rest.call import Call
from playground.rest.callbacks import fresh_message
from playground.shapes import NO_CONTENT, Answer, Refused, unknown
from playground.threads import unchanged_while_archived


def _interaction(call: Call) -> Interaction:
    """Whose token this is. 10015: never valid or not answered yet; 50027: its time is over."""
    found = call.play.interactions.by_token.get(call.places["webhook_token"])
    if found is None or call.id("webhook_id") != call.play.world.bot.id:
        raise unknown("webhook")
    if found.token_dead or time.time() - found.made_at > call.play.settings.token_seconds:
        raise Refused(401, 50027, "Invalid Webhook Token")
    if found.callback is None or found.kind == kinds.AUTOCOMPLETE:
        raise unknown("webhook")
    return found


def _message(call: Call, interaction: Interaction) -> Message:
    named = call.places.get("message_id", "@original")
    id_ = interaction.original if named == "@original" else call.id("message_id")
    found = call.play.book.by_id.get(id_ or 0)
    ours = found is not None and (
        found.interaction == interaction.id or found.id == interaction.original
    )
    if found is None or not ours:
        raise unknown("message")
    return found


def get(call: Call) -> Answer:
    return Answer(200, call.play.shown(_message(call, _interaction(call))))


def edit(call: Call) -> Answer:
    interaction = _interaction(call)
    message = _message(call, interaction)
    call.judge(call.context(message, interaction.kind))
    _changeable(interaction, message)
    return Answer(200, call.play.shown(_edited(call, interaction, message)))


def _changeable(interaction: Interaction, message: Message) -> None:
    """What only one person sees is no part of the thread."""
    if message.only_for is None:
        unchanged_while_archived(interaction.channel)


def _edited(call: Call, interaction: Interaction, message: Message) -> Message:
    revise(call.play, message, call.form())
    known_mentions(call.play, message, interaction.channel)
    if message.id == interaction.original:
        interaction.loading = False
    call.play.message_changed(message)
    return message


def delete(call: Call) -> Answer:
    interaction = _interaction(call)
    message = _message(call, interaction)
    _changeable(interaction, message)
    call.play.message_gone(message)
    if message.id == interaction.original:
        interaction.loading = False
    return NO_CONTENT


def follow_up(call: Call) -> Answer:
    """The first one after a deferral fills the loading message; its own flags are ignored."""
    interaction = _interaction(call)
    call.judge(call.context(interaction=interaction.kind))
    waiting = call.play.book.by_id.get(interaction.original or 0)
    if interaction.loading and waiting is not None and waiting.flags & LOADING:
        return Answer(200, call.play.shown(_edited(call, interaction, waiting)))
    call.play.reopen(interaction.channel)
    form = call.form()
    fresh = fresh_message(call, interaction, form)
    fresh.reply_to = interaction.original
    fresh.kind = DEFAULT if fresh.reply_to is None else REPLY
    message = compose(call.play, fresh, form)
    known_mentions(call.play, message, interaction.channel)
    call.play.message_made(message)
    return Answer(200, call.play.shown(message))
