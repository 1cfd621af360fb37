"""Fluent catalogues: read once, asked by locale and key."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources

from fluent.runtime import FluentBundle, FluentResource
from fluent.runtime.types import FluentNone, FluentNumber, fluent_number
from fluent.syntax import FluentParser, FluentSerializer, ast
from fluent.syntax.visitor import Visitor

from bot.texts.pseudo import lengthened

FALLBACK = "en"
LONG = "en-x-long"


class UnknownText(LookupError):
    """A key that no catalogue has, or a fact that a text needs and was not given: a bug."""


@dataclass(frozen=True)
class Catalogue:
    """One language: its messages as written, and as Fluent compiled them."""

    locale: str
    source: str

    @cached_property
    def messages(self) -> Mapping[str, ast.Message]:
        """Key -> message. Raises `UnknownText` when the file holds what Fluent cannot read."""
        body = FluentParser().parse(self.source).body
        broken = [entry.content for entry in body if isinstance(entry, ast.Junk)]
        if broken:
            raise UnknownText(f"{self.locale}.ftl: {broken[0]}")
        return {entry.id.name: entry for entry in body if isinstance(entry, ast.Message)}

    @cached_property
    def bundle(self) -> FluentBundle:
        """Without isolation marks: Discord shows them as boxes, and escaping is ours to do."""
        bundle = FluentBundle([self.locale.partition("-x-")[0]], use_isolating=False)
        bundle.add_resource(FluentResource(self.source))
        return bundle

    def long(self) -> "Catalogue":
        """The pseudo-language made from this one."""
        resource = lengthened(FluentParser().parse(self.source))
        return Catalogue(LONG, FluentSerializer().serialize(resource))


@dataclass(frozen=True)
class Say:
    """One language, and what to say where it has no words yet."""

    catalogue: Catalogue
    fallback: Catalogue

    @property
    def locale(self) -> str:
        """Of the catalogue that was found, not of the person."""
        return self.catalogue.locale

    def __call__(self, key: str, **facts: object) -> str:
        """The text of `key`. Raises `UnknownText` for an unknown key or a missing fact."""
        catalogue = self._knowing(key)
        value = catalogue.bundle.get_message(key).value
        if value is None:
            raise UnknownText(f"{key} has no text")
        said, errors = catalogue.bundle.format_pattern(value, _facts(facts))
        if errors:
            raise UnknownText(f"{key}: {errors[0]}")
        return str(said)

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in self.catalogue.messages or key in self.fallback.messages

    def needs(self, key: str) -> frozenset[str]:
        """The facts that a text speaks of. Raises `UnknownText`."""
        found = _Variables()
        found.visit(self._knowing(key).messages[key])
        return frozenset(found.names)

    def _knowing(self, key: str) -> Catalogue:
        for catalogue in (self.catalogue, self.fallback):
            if key in catalogue.messages:
                return catalogue
        raise UnknownText(key)


@dataclass(frozen=True)
class Texts:
    """All languages there are."""

    catalogues: Mapping[str, Catalogue]

    @classmethod
    def load(cls) -> "Texts":
        """Read every catalogue that lies beside this module."""
        files = (
            file for file in resources.files("bot.texts").iterdir() if file.name.endswith(".ftl")
        )
        found = {file.name.removesuffix(".ftl"): file.read_text(encoding="utf-8") for file in files}
        catalogues = {name.lower(): Catalogue(name, source) for name, source in found.items()}
        return cls(catalogues | {LONG: catalogues[FALLBACK].long()})

    def of(self, locale: str) -> Say:
        """The closest language: `en-GB` → `en-gb`, `en`; what nobody knows → `en`."""
        fallback = self.catalogues[FALLBACK]
        return Say(self.catalogues.get(self._closest(locale), fallback), fallback)

    def knows(self, locale: str) -> bool:
        """Whether `of` has anything closer than what it says for want of better."""
        return bool(self._closest(locale))

    def _closest(self, locale: str) -> str:
        wanted = locale.lower().replace("_", "-")
        while wanted and wanted not in self.catalogues:
            wanted = wanted.rpartition("-")[0]
        return wanted


class _Variables(Visitor):
    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:  # noqa: N802 - Fluent names the hook
        self.names.add(node.id.name)


def _facts(facts: Mapping[str, object]) -> dict[str, object]:
    return {name: _plain(value) for name, value in facts.items()}


def _plain(value: object) -> str | FluentNumber | FluentNone:
    """Numbers choose plurals, but are never grouped: `seed 1,234` would not paste back."""
    if isinstance(value, int | float):
        return fluent_number(value, useGrouping=False)
    return str(value)
