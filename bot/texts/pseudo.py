"""A language nobody speaks: English with accents, 40 % longer, to see which layouts hold."""

import math

from fluent.syntax import ast
from fluent.syntax.visitor import Transformer

ACCENTS = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "áƀçđéƒğĥíĵķłɱñóƥɋŕšŧúṽŵẋýžÁƁÇĐÉƑĞĤÍĴĶŁṀÑÓƤɊŔŠŦÚṼŴẊÝŽ",
)
GROWTH = 0.4
PADDING = "ôňé ťŵö ţĥřëè ƒöûř ƒîṽé šïẋ šéṽéñ éîğĥţ ñïñé ţéñ "


def lengthened(resource: ast.Resource) -> ast.Resource:
    """`resource` with every text accented and 40 % longer; placeables and markup stay."""
    _Longer().visit(resource)
    return resource


class _Longer(Transformer):
    """Works on whole patterns: the text between placeables grows at its end."""

    def visit_Pattern(self, node: ast.Pattern) -> ast.Pattern:  # noqa: N802 - Fluent names the hook
        self.generic_visit(node)  # patterns inside of select expressions come first
        texts = [element for element in node.elements if isinstance(element, ast.TextElement)]
        letters = sum(_letters(text.value) for text in texts)
        for text in texts:
            text.value = text.value.translate(ACCENTS)
        if letters:
            node.elements.append(ast.TextElement(_padding(math.ceil(letters * GROWTH))))
        return node


def _letters(text: str) -> int:
    return sum(character.isalpha() for character in text)


def _padding(length: int) -> str:
    """At least `length` characters, and a mark that shows where a text was cut."""
    repeated = PADDING * (length // len(PADDING) + 1)
    return f" {repeated[:length].rstrip()}¦"
