"""Descriptions of commands in the languages that the catalogue has, for Discord's own lists.

English stands in the code, where the command is.  Another language adds messages:
`command-adapters-browse`, `option-imagine-prompt`.  Names stay English everywhere, so
that people can tell each other what to type.
"""

from discord import Locale, app_commands
from discord.app_commands import TranslationContextLocation as Place

from bot.texts import FALLBACK, Texts


class CommandTexts(app_commands.Translator):
    """Asks the catalogue of exactly this language; None = English will do."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    async def translate(
        self,
        string: app_commands.locale_str,  # noqa: ARG002  the base's signature; the key comes from the place
        locale: Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """See discord.py's `Translator`."""
        say = self._texts.of(locale.value)
        key = _key(context)
        if key is None or say.locale == FALLBACK or key not in say.catalogue.messages:
            return None
        return say(key)


def _key(context: app_commands.TranslationContextTypes) -> str | None:
    match context.location:
        case Place.command_description | Place.group_description:
            return "command-" + context.data.qualified_name.replace(" ", "-")
        case Place.parameter_description:
            command = context.data.command.qualified_name.replace(" ", "-")
            return f"option-{command}-{context.data.name.replace('_', '-')}"
        case _:
            return None
