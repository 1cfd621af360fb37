"""The preflight of rights, and the link that asks for exactly the same."""

from urllib.parse import parse_qs, urlsplit

import discord
import pytest

from bot import rights
from bot.refusals import MissingRights

ALL = rights.INSTALL_PERMISSIONS


@pytest.mark.parametrize(
    ("right", "flag"),
    [
        (rights.VIEW, "view_channel"),
        (rights.SEND, "send_messages"),
        (rights.FILES, "attach_files"),
        (rights.SEND_IN_THREADS, "send_messages_in_threads"),
        (rights.MANAGE_MESSAGES, "manage_messages"),
        (rights.MANAGE_GUILD, "manage_guild"),
        (rights.ADMINISTRATOR, "administrator"),
    ],
)
def test_bits_are_discords(right: rights.Right, flag: str):
    assert discord.Permissions(**{flag: True}).value == right.bit


def test_nothing_is_missing_where_all_is_allowed():
    rights.require(ALL, channel=1)
    rights.require(ALL, channel=1, thread=True)
    rights.require(rights.ADMINISTRATOR.bit, channel=1)


@pytest.mark.parametrize(
    ("permissions", "thread", "names"),
    [
        (ALL & ~rights.FILES.bit, False, "Attach Files"),
        (0, False, "View Channel, Send Messages, Attach Files, Read Message History"),
        (0, True, "View Channel, Send Messages in Threads, Attach Files, Read Message History"),
        (ALL & ~rights.SEND.bit, True, ""),
        (ALL & ~rights.SEND_IN_THREADS.bit, False, ""),
        (ALL & ~rights.SEND_IN_THREADS.bit, True, "Send Messages in Threads"),
    ],
)
def test_each_lack_is_named(permissions: int, thread: bool, names: str):
    found = ", ".join(right.name for right in rights.missing(permissions, thread=thread))
    assert found == names
    if names:
        with pytest.raises(MissingRights) as refusal:
            rights.require(permissions, channel=7, thread=thread)
        assert (refusal.value.rights, refusal.value.channel) == (names, 7)


def test_the_link_asks_for_what_is_checked_and_no_more():
    query = parse_qs(urlsplit(rights.install_link(42)).query)
    asked = discord.Permissions(int(query["permissions"][0]))
    checked = {right.bit for thread in (False, True) for right in rights.needed(thread=thread)}
    assert asked.value == sum(checked)
    assert query["client_id"] == ["42"]
    assert query["scope"] == ["bot applications.commands"]
    assert query["integration_type"] == ["0"]  # a server, not a person
