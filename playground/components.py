"""Components as a request writes them and as Discord answers them.

A request names media by `attachment://name`; the answer carries a link, a size and an id.
Here the resolved tree keeps `{"attachment": id}` or `{"url": …}` in a private key, and
links are signed when a message is shown, so that every payload carries a living one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from playground.files import Attachment, Store
from playground.shapes import Json, as_json, invalid_form, is_json, is_list

MEDIA = "_media"
BUTTON, LINK = 2, 5
SELECTS = {3, 5, 6, 7, 8}
DEFAULTS: dict[int, Json] = {
    9: {},
    11: {"description": None, "spoiler": False},
    13: {"spoiler": False},
    14: {"spacing": 1, "divider": True},
    17: {"accent_color": None, "spoiler": False},
}
KEPT_NULLS = {"description", "accent_color", "name", "size", "width", "height", "content_type"}

Path = tuple[str | int, ...]


def walk(components: Sequence[Json]) -> Iterator[Json]:
    """Every component, nested ones and accessories included, in reading order."""
    for component in components:
        yield component
        yield from walk(component.get("components") or ())
        for key in ("accessory", "component"):
            if is_json(component.get(key)):
                yield from walk([component[key]])


def accepted(components: Sequence[Json], files: Mapping[str, Attachment]) -> list[Json]:
    """A request's tree with ids, defaults and resolved media. Raises `Refused` for a lost file."""
    fresh = _numbering(components)
    return [
        _accepted(component, files, fresh, ("components", index))
        for index, component in enumerate(components)
    ]


def _numbering(components: Sequence[Json]) -> Callable[[], int]:
    taken = {component.get("id") for component in walk(components)}
    numbers = (n for n in range(1, 10_000) if n not in taken)
    return lambda: next(numbers)


def _accepted(
    component: Json, files: Mapping[str, Attachment], fresh: Callable[[], int], path: Path
) -> Json:
    kind = component["type"]
    made: Json = {"type": kind, "id": component.get("id") or fresh(), **DEFAULTS.get(kind, {})}
    if kind in SELECTS:
        made |= {"min_values": 1, "max_values": 1}
    made |= {k: v for k, v in component.items() if k not in {"id", "type"} and v is not None}
    for key in ("components", "items"):
        if key in made:
            made[key] = [
                _accepted_part(part, files, fresh, (*path, key, index))
                for index, part in enumerate(made[key])
            ]
    for key in ("accessory", "component"):
        if key in made:
            made[key] = _accepted(made[key], files, fresh, (*path, key))
    if "options" in made:
        made["options"] = [_plain_emoji(option) for option in made["options"]]
    _resolve(made, files, path)
    return _plain_emoji(made)


def _plain_emoji(holder: Json) -> Json:
    """`id: null` may stand in a request; answers leave it out."""
    if not is_json(holder.get("emoji")):
        return holder
    return holder | {"emoji": {k: v for k, v in holder["emoji"].items() if v is not None}}


def _accepted_part(
    part: Json, files: Mapping[str, Attachment], fresh: Callable[[], int], path: Path
) -> Json:
    if "type" in part:
        return _accepted(part, files, fresh, path)
    item = {"description": None, "spoiler": False} | {
        k: v for k, v in part.items() if v is not None
    }
    _resolve(item, files, path)
    return item


def _resolve(holder: Json, files: Mapping[str, Attachment], path: Path) -> None:
    for key in ("media", "file"):
        if is_json(holder.get(key)):
            holder[key] = _media(str(holder[key].get("url", "")), files, (*path, key, "url"))


def _media(url: str, files: Mapping[str, Attachment], path: Path) -> Json:
    if not url.startswith("attachment://"):
        return {MEDIA: {"url": url}}
    name = url.removeprefix("attachment://")
    if name not in files:
        message = f'Referenced attachment "{name}" was not found.'
        raise invalid_form(path, "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", message)
    return {MEDIA: {"attachment": files[name].id}}


def embeds_accepted(embeds: Sequence[Json], files: Mapping[str, Attachment]) -> list[Json]:
    """Embeds without nulls; a picture that names a file that is not there is dropped silently."""
    return [_embed(embed, files) for embed in embeds]


def _embed(embed: Json, files: Mapping[str, Attachment]) -> Json:
    made: Json = {"type": "rich"} | {k: v for k, v in embed.items() if v is not None}
    made["fields"] = [{"inline": False, **field} for field in embed.get("fields") or ()]
    for key in ("image", "thumbnail"):
        url = str(as_json(embed.get(key)).get("url") or "")
        made.pop(key, None)
        if url.startswith("attachment://"):
            named = files.get(url.removeprefix("attachment://"))
            if named:
                made[key] = {MEDIA: {"attachment": named.id}}
        elif url:
            made[key] = {MEDIA: {"url": url}}
    return made


def shown(tree: object, store: Store) -> object:
    """The same tree with living links in place of the private key."""
    if is_list(tree):
        return [shown(part, store) for part in tree]
    if not is_json(tree):
        return tree
    if MEDIA in tree:
        return _shown_media(tree[MEDIA], store)
    made = {key: shown(value, store) for key, value in tree.items()}
    if made.get("type") == 13:
        made.setdefault("name", _file_fact(tree, store, "filename"))
        made.setdefault("size", _file_fact(tree, store, "size"))
    return made


def _file_fact(component: Json, store: Store, key: str) -> object:
    named = store.files.get(component["file"].get(MEDIA, {}).get("attachment"))
    return store.payload(named)[key] if named else None


def _shown_media(media: Json, store: Store) -> Json:
    attachment = store.files.get(media.get("attachment", 0))
    if attachment is None:
        url = media.get("url", "")
        return {"id": "1", "url": url, "proxy_url": url, "width": None, "height": None}
    url = store.url(attachment)
    wide, high = attachment.size or (None, None)
    return {
        "id": str(attachment.id),
        "url": url,
        "proxy_url": url,
        "width": wide,
        "height": high,
        "content_type": attachment.content_type,
        "attachment_id": str(attachment.id),
    }


def texts(components: Sequence[Json]) -> list[str]:
    """What the text displays say."""
    return [str(part["content"]) for part in walk(components) if part["type"] == 10]
