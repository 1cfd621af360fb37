"""Which schemas OpenAI takes in strict mode (its guide on structured outputs, as of February 2026)."""

import re
from collections.abc import Iterator

TYPES = {"string", "number", "boolean", "integer", "object", "array", "null"}
KNOWN = {
    "type", "description", "title", "enum", "const", "anyOf", "$ref", "$defs",
    "properties", "required", "additionalProperties",
    "items", "minItems", "maxItems",
    "pattern", "format",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
}  # fmt: skip
FORMATS = {
    "date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid",
}  # fmt: skip
DEPTH, PROPERTIES, ENUMS, CHARACTERS, LONG_ENUM = 10, 5000, 1000, 120_000, 15_000


def complaints(name: object, strict: object, schema: object) -> Iterator[str]:
    """Why this `json_schema` is refused; nothing when it is taken."""
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
        yield "Invalid 'response_format.json_schema.name'"
    if not isinstance(schema, dict):
        yield "Missing required parameter: 'response_format.json_schema.schema'"
    elif strict is True:
        if schema.get("type") != "object" or "anyOf" in schema:
            yield "schema must be a JSON Schema of 'type: \"object\"'"
        yield from _node(schema, (), 1)
        yield from _sizes(schema)


def _node(node: object, path: tuple[str, ...], depth: int) -> Iterator[str]:
    where = f"In context={path}"
    if not isinstance(node, dict):
        yield f"{where}, schema must be an object"
        return
    if depth > DEPTH and "properties" in node:
        yield f"{depth} levels of nesting exceeds limit of {DEPTH}"
        return
    if unknown := sorted(node.keys() - KNOWN):
        yield f"{where}, '{unknown[0]}' is not permitted."
    if not node.keys() & {"type", "anyOf", "$ref", "enum", "const"}:
        yield f"{where}, schema must have a 'type' key."
    kinds = node.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if bad := [kind for kind in kinds if kind not in TYPES]:
        yield f"{where}, {bad[0]!r} is not a valid type"
    if "format" in node and node["format"] not in FORMATS:
        yield f"{where}, 'format' {node['format']!r} is not supported"
    yield from _object(node, kinds, where)
    yield from _inside(node, kinds, path, depth)


def _object(node: dict, kinds: list, where: str) -> Iterator[str]:
    if "object" not in kinds:
        return
    if node.get("additionalProperties") is not False:
        yield f"{where}, 'additionalProperties' is required to be supplied and to be false."
    properties = node.get("properties", {})
    if set(node.get("required", ())) != set(properties):
        yield f"{where}, 'required' is required to be supplied and to be an array including every key in properties."


def _inside(node: dict, kinds: list, path: tuple[str, ...], depth: int) -> Iterator[str]:
    for name, inner in node.get("properties", {}).items():
        yield from _node(inner, (*path, "properties", name), depth + 1)
    if "array" in kinds:
        if "items" not in node:
            yield f"In context={path}, array schema missing items."
        else:
            yield from _node(node["items"], (*path, "items"), depth)
    for number, inner in enumerate(node.get("anyOf", ())):
        yield from _node(inner, (*path, "anyOf", str(number)), depth)
    for name, inner in node.get("$defs", {}).items():
        yield from _node(inner, (*path, "$defs", name), depth)


def _sizes(schema: dict) -> Iterator[str]:
    names, enums = list(_all(schema, "properties")), list(_all(schema, "enum"))
    words = [str(word) for group in (*names, *enums) for word in group]
    if sum(map(len, names)) > PROPERTIES:
        yield f"Schema exceeds the limit of {PROPERTIES} properties"
    if sum(map(len, enums)) > ENUMS:
        yield f"Schema exceeds the limit of {ENUMS} enum values"
    if sum(map(len, words)) > CHARACTERS:
        yield f"Schema exceeds the limit of {CHARACTERS} characters"
    for group in enums:
        if len(group) > 250 and sum(len(str(word)) for word in group) > LONG_ENUM:
            yield f"An enum of {len(group)} values exceeds the limit of {LONG_ENUM} characters"


def _all(node: object, key: str) -> Iterator[list]:
    if isinstance(node, dict):
        if key in node and isinstance(node[key], dict | list):
            yield list(node[key])
        for inner in node.values():
            yield from _all(inner, key)
    elif isinstance(node, list):
        for inner in node:
            yield from _all(inner, key)
