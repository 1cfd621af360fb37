"""The one pickle that is ever read, and as little of it as there can be.

A pickle is a program.  Two readers look at this one, and either may refuse:

    bytes -> _scan: every opcode on a short list, every number within bounds
          -> _Narrow: the only names there are mean "a bag of fields"
          -> the fields of each bag, plain values

The scan runs before anything is built, because `find_class` alone does not help
against a memo index of four thousand million, or against tuples so deep that hashing
one ends the process.  Nothing of the archive's own code is imported: its two class
names are labels.
"""

import io
import pickle
import pickletools
from typing import Any, TypeAlias, cast

from stylus_engine.errors import BadArchive

Fields: TypeAlias = dict[str, Any]
CLASSES = frozenset({
    ("autoadapter.precompute.process_adapters", "AdapterInfo"),
    ("stylus.refiner.fetch_adapter_metadata", "AdapterInfo"),
})  # fmt: skip
MOST_BYTES = 4 * 2**30
MOST_VALUES = 200_000_000  # opcodes; an archive of 76,724 rows has about thirty million
MOST_CONTAINERS = 12_000_000  # lists, dicts and bags: some 60 to 250 bytes each
MOST_BITS = 64  # of a number
# What `pickle.dumps` writes, protocols 2 to 5, for bags of texts, numbers, lists and dicts.
# No tuples but the empty one: those that can be keys of a dict are hashed, as deep as they go.
_CONTAINERS = frozenset({"EMPTY_LIST", "LIST", "EMPTY_DICT", "DICT", "EMPTY_TUPLE", "NEWOBJ"})
_MEMO = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
_COUNTED = _MEMO | {"INT", "LONG", "LONG1", "LONG4"}
_PLAIN = frozenset({
    "PROTO", "FRAME", "STOP", "MARK", "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2",
    "FLOAT", "BINFLOAT", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "APPEND",
    "APPENDS", "SETITEM", "SETITEMS", "MEMOIZE", "GET", "BINGET", "LONG_BINGET", "BUILD",
    "GLOBAL", "STACK_GLOBAL",
})  # fmt: skip
_KNOWN = _PLAIN | _CONTAINERS | _COUNTED
# `pickle` promises no list of what it raises; these are what bytes at random bring out.
_BROKEN = (
    pickle.UnpicklingError, ValueError, TypeError, AttributeError, LookupError, EOFError,
    MemoryError, OverflowError, RecursionError,
)  # fmt: skip


def unpickled(data: bytes, source: str) -> list[Fields]:
    """The rows of the archive: the fields of each, plain values.

    Raises `BadArchive` for whatever else a pickle can hold, before any of that is done.
    """
    try:
        _scan(data)
        return _rows(_Narrow(io.BytesIO(data)).load())
    except _BROKEN as error:
        told = str(error) if isinstance(error, _Refused) else f"is broken ({type(error).__name__})"
        raise BadArchive(source=source, why=f"its pickle {told}") from error


class _Refused(pickle.UnpicklingError):
    """Said by us and not by pickle: what it holds that no list of adapters needs."""


def _scan(data: bytes) -> None:
    """Look at every opcode without doing what it says."""
    if len(data) > MOST_BYTES:
        raise _Refused(f"has more than {MOST_BYTES} bytes")
    containers = 0
    for number, (opcode, argument, _) in enumerate(pickletools.genops(data)):
        name = opcode.name
        if name not in _KNOWN:
            raise _Refused(f"asks for {name}, which no list of adapters needs")
        if name in _CONTAINERS:
            containers += 1
        elif name in _COUNTED:
            _check(name, argument, number)
        if containers > MOST_CONTAINERS or number > MOST_VALUES:
            raise _Refused("holds too many values")


def _check(name: str, value: object, place: int) -> None:
    """No memo slot that a pickler would not have come to, no number that takes minutes to read."""
    if not isinstance(value, int) or value.bit_length() > MOST_BITS:
        raise _Refused("holds an absurdly long number")
    if name in _MEMO and not 0 <= value <= place:
        raise _Refused("asks for a memory far larger than itself")


class _Narrow(pickle.Unpickler):
    """Knows two names, and gives the same kind of bag for both."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        # A class for each reading: whatever a pickle managed to hang on it goes with it.
        self._bag = type("Bag", (Bag,), {"__slots__": ()})

    def find_class(self, module_name: str, global_name: str, /) -> type["Bag"]:
        if (module_name, global_name) not in CLASSES:
            named = f"{module_name[:60]}.{global_name[:60]}"
            raise _Refused(f"asks for “{named}”, which is not read")
        return self._bag


class Bag:
    """What stands where the archive has an object."""

    __slots__ = ("fields",)
    fields: Fields

    def __setstate__(self, state: object) -> None:
        if not isinstance(state, dict):
            raise _Refused("has an object that carries something else than fields")
        self.fields = state


def _rows(value: object) -> list[Fields]:
    if not isinstance(value, list):
        raise _Refused("holds no list")
    return [_fields(each) for each in cast("list[object]", value)]


def _fields(value: object) -> Fields:
    """Of one row; a bag that was never filled is a row that holds nothing."""
    if not isinstance(value, Bag):
        raise _Refused("lists something that is no adapter")
    return getattr(value, "fields", {})
