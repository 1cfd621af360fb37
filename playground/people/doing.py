"""What a person can do: commands, suggestions, menus, presses, forms."""

import asyncio

from aiohttp import web

from playground import interactions as kinds
from playground.commands import CHAT, MESSAGE_MENU, USER_MENU
from playground.components import walk
from playground.interactions import Interaction
from playground.people import modals
from playground.people.asking import Asking
from playground.people.options import (
    Chosen,
    Resolved,
    completing,
    descend,
    filled,
    half_filled,
)
from playground.people.wishes import Wish, Wrong, find_user
from playground.play import PLAY
from playground.shapes import Json

BUTTON, STRING_SELECT, LINK, PREMIUM = 2, 3, 5, 6


def _asking(wish: Wish) -> Asking:
    return Asking(wish.play, wish.user(), wish.channel(), wish.text("locale", "en-US"))


def _told(interaction: Interaction) -> web.Response:
    return web.json_response({"interaction": str(interaction.id)})


# --- commands


def _chosen(wish: Wish, asking: Asking) -> Chosen:
    name, *words = wish.text("command").removeprefix("/").split()
    return descend(_command(asking, name, CHAT), words)


def _command(asking: Asking, name: str, kind: int) -> Json:
    held = asking.play.world.permissions(asking.user, asking.place)
    found = asking.play.commands.find(asking.place, held, name, kind)
    if found is None:
        raise Wrong(f"There is no command {name} here for {asking.user.username}.", 404)
    return found


def _data(command: Json, resolved: Resolved, options: list[Json]) -> Json:
    data: Json = {"id": command["id"], "name": command["name"], "type": command["type"]}
    if options:
        data["options"] = options
    if resolved.found:
        data["resolved"] = resolved.found
    return data | ({"guild_id": command["guild_id"]} if "guild_id" in command else {})


async def slash(request: web.Request) -> web.Response:
    wish = await Wish.read(request)
    asking = _asking(wish)
    chosen = _chosen(wish, asking)
    resolved = Resolved(wish.play, asking.place)
    options = filled(chosen, wish.object("options"), resolved, asking.user)
    data = _data(chosen.command, resolved, chosen.wrapped(options))
    name = " ".join((chosen.command["name"], *chosen.path))
    return _told(asking.ask(kinds.COMMAND, data, name=name))


async def autocomplete(request: web.Request) -> web.Response:
    """Waits for the suggestions; 504 when none came in time."""
    wish = await Wish.read(request)
    asking = _asking(wish)
    chosen = _chosen(wish, asking)
    option = completing(chosen, wish.text("focused"))
    resolved = Resolved(wish.play, asking.place)
    given = wish.object("options")
    options = half_filled(chosen, given, option["name"], resolved, asking.user)
    data = _data(chosen.command, resolved, chosen.wrapped(options))
    interaction = asking.ask(kinds.AUTOCOMPLETE, data, focused=option["type"])
    await interaction.settled.wait()
    if interaction.choices is None:
        raise Wrong("Loading options failed", 504)
    return web.json_response({"choices": interaction.choices})


async def menu(request: web.Request) -> web.Response:
    """A context menu on a message or, with `target`, on a user."""
    wish = await Wish.read(request)
    asking = _asking(wish)
    resolved = Resolved(wish.play, asking.place)
    if "target" in wish.body:
        command = _command(asking, wish.text("command"), USER_MENU)
        target = resolved.user(find_user(wish.play, wish.text("target")))
    else:
        command = _command(asking, wish.text("command"), MESSAGE_MENU)
        message = wish.message()
        target = resolved.add("messages", message.id, wish.play.shown(message))
    data = _data(command, resolved, []) | {"target_id": target}
    return _told(asking.ask(kinds.COMMAND, data, name=command["name"]))


# --- components


async def press(request: web.Request) -> web.Response:
    """A button, or a select with `values`; `forged` skips what a client would check."""
    wish = await Wish.read(request)
    asking = _asking(wish)
    message = wish.message()
    resolved = Resolved(wish.play, asking.place)
    data = _forged(wish) if wish.body.get("forged") else _pressed(wish, asking, resolved)
    if resolved.found:
        data["resolved"] = resolved.found
    return _told(asking.ask(kinds.COMPONENT, data, source=message))


def _forged(wish: Wish) -> Json:
    values = wish.body.get("values")
    data: Json = {"custom_id": wish.text("custom_id"), "component_type": BUTTON}
    return data | ({"component_type": STRING_SELECT, "values": values} if values else {})


def _pressed(wish: Wish, asking: Asking, resolved: Resolved) -> Json:
    custom_id = wish.text("custom_id")
    shown = wish.message().components
    part = next((each for each in walk(shown) if each.get("custom_id") == custom_id), None)
    if part is None:
        raise Wrong(f"That message has no {custom_id}.", 404)
    if part.get("disabled"):
        raise Wrong(f"{custom_id} is disabled.")
    data: Json = {"custom_id": custom_id, "component_type": part["type"], "id": part["id"]}
    if part["type"] == BUTTON:
        return data
    values = modals.picked(part, wish.body.get("values", []), resolved, asking.user)
    return data | {"values": values}


# --- forms


async def submit(request: web.Request) -> web.Response:
    """Fill in the form that answered an earlier interaction."""
    wish = await Wish.read(request)
    parent = _parent(wish)
    modal = parent.modal or {}
    asking = Asking(wish.play, parent.user, parent.channel, wish.text("locale", parent.locale))
    resolved = Resolved(wish.play, parent.channel)
    parts = modals.filled(modal, wish.object("values"), resolved, parent.user)
    data: Json = {"custom_id": modal["custom_id"], "components": parts}
    data |= {"resolved": resolved.found} if resolved.found else {}
    parent.modal_open = False
    return _told(asking.ask(kinds.MODAL, data, parent=parent, source=parent.source))


def _parent(wish: Wish) -> Interaction:
    text = wish.text("interaction")
    found = wish.play.interactions.by_id.get(int(text)) if text.isdigit() else None
    if found is None or found.user.id != wish.user().id or not found.modal_open:
        raise Wrong("No form of that interaction is open.", 404)
    return found


async def interaction(request: web.Request) -> web.Response:
    """How an interaction stands; `?wait=S` waits that long for its answer."""
    wish = Wish(request.app[PLAY], {})
    text = request.match_info["id"]
    found = wish.play.interactions.by_id.get(int(text)) if text.isdigit() else None
    if found is None:
        raise Wrong("There is no such interaction.", 404)
    wait = float(request.query.get("wait", "0"))
    if wait > 0 and not found.settled.is_set():
        await _patiently(found, wait)
    told = found.shown()
    message = wish.play.book.by_id.get(found.original or 0)
    if message is not None:
        told["message"] = wish.play.shown(message)
    return web.json_response(told)


async def _patiently(found: Interaction, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await found.settled.wait()
    except TimeoutError:
        return


async def open_modals(request: web.Request) -> web.Response:
    """The forms a user has before them."""
    play = request.app[PLAY]
    user = find_user(play, request.query.get("user", ""))
    rows = [
        {"interaction": str(each.id), "modal": each.modal}
        for each in play.interactions.by_id.values()
        if each.user.id == user.id and each.modal_open
    ]
    return web.json_response(rows)
