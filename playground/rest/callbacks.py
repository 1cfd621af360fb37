"""POST /interactions/{id}/{token}/callback: the first answer, once and in time."""

import time
from collections.abc import Callable
from dataclasses import replace

from playground import interactions as kinds
from playground import payloads
from playground.components import accepted
from playground.interactions import Interaction
from playground.messages import (
    CHAT_COMMAND,
    DEFAULT,
    EPHEMERAL,
    LOADING,
    MENU_COMMAND,
    REPLY,
    Message,
)
from playground.posting import Form, compose, known_mentions, revise
from playground.rest.call import Call
from playground.shapes import (
    NO_CONTENT,
    Answer,
    Json,
    Refused,
    as_json,
    as_list,
    invalid_form,
    unknown,
)

WRITING = frozenset({kinds.MESSAGE, kinds.DEFER, kinds.UPDATE})


def answer(call: Call) -> Answer:
    """200 with the interaction when asked `with_response`, else 204."""
    interaction = call.play.interactions.to_answer(
        call.id("interaction_id"), call.places["interaction_token"]
    )
    _in_time(interaction)
    context = call.context(interaction.source, interaction.kind)
    call.judge(replace(context, focused=interaction.focused))
    kind = _kind(call)
    if kind in WRITING:
        call.play.reopen(interaction.channel)
    message = EFFECTS[kind](call, interaction)
    interaction.callback = kind
    interaction.settle("answered")
    call.play.interaction_changed(interaction)
    if call.query.get("with_response", "").lower() not in {"1", "true"}:
        return NO_CONTENT
    return Answer(200, _told(call, interaction, message))


def _in_time(interaction: Interaction) -> None:
    """The clock that tells the person runs out for the bot too: see `people.asking.expire`."""
    if interaction.callback is not None:
        raise Refused(400, 40060, "Interaction has already been acknowledged.")
    if interaction.state == "expired":
        raise unknown("interaction")


def _kind(call: Call) -> int:
    """The judge has seen that it fits the question; activities exist here for nobody."""
    kind = int(call.json()["type"])
    if kind not in EFFECTS:
        raise invalid_form(("type",), "BASE_TYPE_CHOICES", "Nothing here can be launched.")
    return kind


# --- effects: each returns the message it made or changed


def _post(call: Call, interaction: Interaction) -> Message | None:
    form = call.form("data")
    message = compose(call.play, fresh_message(call, interaction, form), form)
    known_mentions(call.play, message, interaction.channel)
    interaction.original = message.id
    call.play.message_made(message)
    return message


def _defer(call: Call, interaction: Interaction) -> Message | None:
    form = Form({"flags": call.form("data").flags(EPHEMERAL)}, {})
    message = fresh_message(call, interaction, form)
    message.flags |= LOADING
    call.play.book.add(message)
    interaction.original, interaction.loading = message.id, True
    call.play.message_made(message)
    return message


def _defer_update(_call: Call, interaction: Interaction) -> Message | None:
    source = interaction.source
    interaction.original = source.id if source else None
    return None


def _update(call: Call, interaction: Interaction) -> Message | None:
    source = interaction.source
    if source is None or source.id not in call.play.book.by_id:
        raise unknown("message")
    revise(call.play, source, call.form("data"))
    known_mentions(call.play, source, interaction.channel)
    interaction.original = source.id
    call.play.message_changed(source)
    return source


def _choices(call: Call, interaction: Interaction) -> Message | None:
    interaction.choices = as_list(as_json(call.json().get("data")).get("choices"))
    return None


def _open_modal(call: Call, interaction: Interaction) -> Message | None:
    modal = as_json(call.json().get("data"))
    parts = accepted(as_list(modal.get("components")), {})
    interaction.modal = modal | {"components": parts}
    interaction.modal_open = True
    return None


EFFECTS: dict[int, Callable[[Call, Interaction], Message | None]] = {
    kinds.MESSAGE: _post,
    kinds.DEFER: _defer,
    kinds.DEFER_UPDATE: _defer_update,
    kinds.UPDATE: _update,
    kinds.CHOICES: _choices,
    kinds.OPEN_MODAL: _open_modal,
}


def fresh_message(call: Call, interaction: Interaction, form: Form) -> Message:
    """An empty message that this interaction's token may reach."""
    play = call.play
    hidden = bool(form.flags(EPHEMERAL))
    return Message(
        play.ids.next(),
        interaction.channel.id,
        play.world.bot,
        time.time(),
        kind=_message_kind(interaction),
        flags=EPHEMERAL if hidden else 0,
        only_for=interaction.user.id if hidden else None,
        interaction=interaction.id,
        metadata=_metadata(interaction),
        reply_to=interaction.source.id if interaction.source else None,
    )


def _message_kind(interaction: Interaction) -> int:
    if interaction.kind == kinds.COMMAND:
        menu = interaction.data.get("type", 1) != 1
        return MENU_COMMAND if menu else CHAT_COMMAND
    return REPLY if interaction.source is not None else DEFAULT


def _metadata(interaction: Interaction) -> Json:
    """`interaction_metadata`, with the command's name as clients show it."""
    body: Json = {
        "id": str(interaction.id),
        "type": interaction.kind,
        "user": payloads.user(interaction.user),
        "authorizing_integration_owners": owners(interaction),
        "name": interaction.name,
    }
    if interaction.kind == kinds.COMMAND:
        body["command_type"] = interaction.data.get("type", 1)
    if interaction.kind == kinds.COMPONENT and interaction.source is not None:
        body["interacted_message_id"] = str(interaction.source.id)
    if interaction.kind == kinds.MODAL and interaction.parent is not None:
        body["triggering_interaction_metadata"] = _metadata(interaction.parent)
    return body


def owners(interaction: Interaction) -> Json:
    """Guild install only: the guild, or 0 in the bot's direct channel."""
    return {"0": str(interaction.channel.guild or 0)}


def _told(call: Call, interaction: Interaction, message: Message | None) -> Json:
    about: Json = {"id": str(interaction.id), "type": interaction.kind}
    about["channel_id"] = str(interaction.channel.id)
    if interaction.channel.guild is not None:
        about["guild_id"] = str(interaction.channel.guild)
    original = call.play.book.by_id.get(interaction.original or 0)
    if original is not None:
        about["response_message_id"] = str(original.id)
        about["response_message_loading"] = interaction.loading
        about["response_message_ephemeral"] = original.only_for is not None
    told: Json = {"interaction": about}
    if message is not None and interaction.callback in {kinds.MESSAGE, kinds.UPDATE}:
        kind = interaction.callback
        told["resource"] = {"type": kind, "message": call.play.shown(message)}
    return told
