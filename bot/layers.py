"""Layers of settings: read, checked and laid over each other.

    default < file < environment < flag

Law of this file: it knows the shape of a settings struct only through its types,
and each refusal names the layer and the key that a person must go and mend.
"""

import difflib
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import (
    Annotated,
    Literal,
    TypeAlias,
    TypeGuard,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

from stylus_engine import opening
from stylus_engine.errors import BadSettings

Tree: TypeAlias = dict[str, object]
Key: TypeAlias = tuple[str, ...]
T = TypeVar("T", bound=msgspec.Struct)

NUMBERS: Mapping[object, str] = {int: "a whole number", float: "a number"}
PREFIX = "STYLUS_"
# Names with our prefix that are no setting: where the file is, and what `.ci/run` tells the tests.
RESERVED = frozenset({"STYLUS_CONFIG", "STYLUS_CI"})
DEEPEST = 32  # tables and lists in each other; no setting needs more than four
NESTED = f"tables or lists are nested more than {DEEPEST} deep"
QUOTED = re.compile(r""" "[^"]*" | '[^']*' """, re.VERBOSE)
PARTS = re.compile(rf"(?:^|\.) ((?:{QUOTED.pattern})(?=\.|$) | [^.]*)", re.VERBOSE)
PATH = "path"  # marks a text as a place on disk
Folder: TypeAlias = Annotated[str, msgspec.Meta(extra={PATH: True})]


@dataclass(frozen=True, slots=True)
class Layer:
    """Values from one place. `base` is what relative paths in it are relative to."""

    name: str
    values: Tree
    base: Path


def from_file(path: Path) -> Layer:
    """Raises `BadSettings` for a file that is not there or not TOML."""
    try:
        with opening.opened(path) as file:
            values = msgspec.toml.decode(file.read())
    except OSError as error:
        raise BadSettings(where=str(path), why=f"it cannot be read ({error.strerror})") from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadSettings(where=str(path), why=f"it is not TOML ({error})") from error
    except RecursionError as error:
        raise BadSettings(where=str(path), why=NESTED) from error
    return Layer(str(path), cast("Tree", values), path.resolve().parent)


def from_environment(shape: type[T], environment: Mapping[str, str]) -> Layer:
    """`STYLUS_SECTION__KEY=value`; a name with the prefix that means nothing is refused."""
    pairs = (
        (tuple(name.removeprefix(PREFIX).lower().split("__")), text)
        for name, text in sorted(environment.items())
        if name.startswith(PREFIX) and name not in RESERVED
    )
    return from_texts(shape, pairs, "environment")


def from_flags(shape: type[T], flags: Iterable[str]) -> Layer:
    """`section.key=value`, as `--set` takes it."""
    pairs: list[tuple[Key, str]] = []
    for flag in flags:
        name, equals, text = flag.partition("=")
        if not equals:
            raise BadSettings(where=f"--set {flag}", why="write it as section.key=value")
        pairs.append((_key(name.strip()), text))
    return from_texts(shape, pairs, "--set")


def _key(name: str) -> Key:
    """Parted at dots; a part that has dots itself stands in quotes, as in TOML."""
    return tuple(part[1:-1] if QUOTED.fullmatch(part) else part for part in PARTS.findall(name))


def from_texts(shape: type[T], pairs: Iterable[tuple[Key, str]], name: str) -> Layer:
    """Texts become values of the type that the key has; lists are written as in TOML."""
    values: Tree = {}
    for key, text in pairs:
        where = f"{name}, {'.'.join(key)}"
        if not _is_unicode(text):
            raise BadSettings(where=where, why="it is not UTF-8 text")
        _put(values, key, _value(_type_at(shape, key), text, where))
    return Layer(name, values, Path.cwd())


def opened(path: str, where: str) -> Path:
    """`~` and `~name` opened. Raises `BadSettings` for the home of nobody."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise BadSettings(where=where, why=f"there is no home folder for {path}") from error


def stack(shape: type[T], layers: Sequence[Layer]) -> T:
    """One object of all layers, the last one on top. Raises `BadSettings`."""
    merged: Tree = {}
    for layer in layers:
        _refuse_nested(layer)
        _refuse_unknown(shape, layer)
        merged = _over(merged, cast("Tree", _anchored(shape, layer.values, layer)))
    try:
        return msgspec.convert(merged, shape)
    except msgspec.ValidationError as error:
        raise _told(shape, error, layers) from error


def keys(shape: type[msgspec.Struct]) -> Iterator[Key]:
    """Every key with its section. A free table (name → folder) is one key."""
    for name, kind in get_type_hints(shape, include_extras=True).items():
        if _is_struct(kind):
            yield from ((name, *rest) for rest in keys(kind))
        else:
            yield (name,)


def _is_struct(kind: object) -> TypeGuard[type[msgspec.Struct]]:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _type_at(shape: object, key: Key) -> object:
    """The type of a key, `None` when there is no such key."""
    if not key:
        return shape
    if get_origin(shape) is dict:
        return _type_at(get_args(shape)[1], key[1:])
    if not _is_struct(shape):
        return None
    return _type_at(get_type_hints(shape, include_extras=True).get(key[0]), key[1:])


def _value(kind: object, text: str, where: str) -> object:
    """`text` as a value of `kind`; an unknown key keeps its text and is refused later."""
    if kind is None or _is_struct(kind):
        return text
    try:
        if get_origin(_bare(kind)) in (dict, tuple):
            return cast("Tree", msgspec.toml.decode(f"value = {text}"))["value"]
        return msgspec.convert(text, kind, strict=False)
    except msgspec.MsgspecError as error:
        raise BadSettings(where=where, why=_why(str(error), kind)) from error
    except RecursionError as error:
        raise BadSettings(where=where, why=NESTED) from error


def _is_unicode(text: str) -> bool:
    """Bytes of an environment that are no UTF-8 come as lone surrogates."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _bare(kind: object) -> object:
    """The type itself, without its bounds."""
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _put(tree: Tree, key: Key, value: object) -> None:
    for part in key[:-1]:
        inner = tree.setdefault(part, {})
        if not isinstance(inner, dict):
            return
        tree = cast("Tree", inner)
    tree[key[-1]] = value


def _over(below: Tree, above: Tree) -> Tree:
    """`above` laid over `below`: tables are merged, everything else is replaced."""
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        if isinstance(under, dict) and isinstance(value, dict):
            merged[name] = _over(cast("Tree", under), cast("Tree", value))
        else:
            merged[name] = value
    return merged


def _anchored(kind: object, value: object, layer: Layer, key: Key = ()) -> object:
    """Relative paths made absolute, `~` opened, endless numbers refused; everything else as it is.

    A worker gets its settings as JSON, which has no inf.
    """
    if isinstance(value, dict):
        hints = get_type_hints(kind, include_extras=True) if _is_struct(kind) else {}
        inner = get_args(kind)[1] if get_origin(kind) is dict else None
        return {
            name: _anchored(hints.get(name, inner), each, layer, (*key, name))
            for name, each in cast("Tree", value).items()
        }
    if isinstance(value, list):
        inner = get_args(_bare(kind))[0] if get_origin(_bare(kind)) is tuple else None
        items = enumerate(cast("list[object]", value))
        return [_anchored(inner, item, layer, (*key, str(at))) for at, item in items]
    where = ", ".join([layer.name, ".".join(key)])
    if isinstance(value, float) and not math.isfinite(value):
        raise BadSettings(where=where, why=f"it must be a number that ends, not {value}")
    if kind == Folder and isinstance(value, str) and value:
        return str(layer.base / opened(value, where))
    return value


def _refuse_nested(layer: Layer) -> None:
    """What comes after goes down into the values by recursion."""
    level: list[object] = [layer.values]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in _inside(each)]
    if level:
        raise BadSettings(where=layer.name, why=NESTED)


def _inside(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from cast("Tree", value).values()
    elif isinstance(value, list):
        yield from cast("list[object]", value)


def _refuse_unknown(shape: type[T], layer: Layer) -> None:
    known = [".".join(key) for key in keys(shape)]
    for key in _leaves(layer.values):
        if _type_at(shape, key) is None:
            name = ".".join(key)
            raise BadSettings(
                where=layer.name, why=f"there is no key “{name}”{_nearest(name, known)}"
            )


def _leaves(tree: Tree) -> Iterator[Key]:
    for name, value in tree.items():
        if isinstance(value, dict) and value:
            yield from ((name, *rest) for rest in _leaves(cast("Tree", value)))
        else:
            yield (name,)


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return f"; the nearest is “{near[0]}”" if near else f"; known are {', '.join(known)}"


def _told(shape: type[T], error: msgspec.ValidationError, layers: Sequence[Layer]) -> BadSettings:
    """Name the topmost layer that holds the key msgspec complains of."""
    what, _, at = str(error).partition(" - at ")
    key = tuple(re.findall(r"[^$.`\[\]]+", at))
    holders = [layer.name for layer in layers if _has(layer.values, key)]
    where = ", ".join([*holders[-1:], ".".join(key)]).strip(", ")
    return BadSettings(where=where or "settings", why=_why(what, _type_at(shape, key)))


def _has(tree: object, key: Key) -> bool:
    for part in key:
        if not isinstance(tree, dict):
            return True  # an item of a list: the list itself is here
        if part not in tree:
            return False
        tree = cast("Tree", tree)[part]
    return True


def _why(told: str, kind: object) -> str:
    """What msgspec says, in the words of a person who writes TOML."""
    if get_origin(kind) is Literal:
        return f"it must be one of {', '.join(map(str, get_args(kind)))}"
    if get_origin(kind) in (dict, tuple) and "line 1" in told:
        return 'write a list as in TOML: ["one", "two"]'
    if told.startswith("Invalid enum value"):
        return f"it must be {' or '.join(_alternatives(kind))}"
    words = re.sub("`([^`]*)`", lambda quoted: _word(quoted[1]), told)
    return words[:1].lower() + words[1:]


def _word(name: str) -> str:
    return re.sub(r"\bstr\b", "text", re.sub(r"\bobject\b", "a table", name))


def _alternatives(kind: object) -> Iterator[str]:
    """What a key takes that is a number, or a word instead of it."""
    for part in get_args(kind):
        if get_origin(part) is Literal:
            yield from map(str, get_args(part))
        elif _bare(part) in NUMBERS:
            yield NUMBERS[_bare(part)]
