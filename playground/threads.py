"""Threads and forum posts: channels below a channel, which close when nobody writes, and may be locked.

Whoever writes opens an archived one, unless it is locked; nothing that stands in an archived
one can be changed.
"""

from playground.shapes import Json, Refused
from playground.world import OWNER_ID, Channel

TEXT, THREAD, FORUM = 0, 11, 15
BIRTH = "2024-01-01T00:00:00.000000+00:00"
AN_HOUR = 60  # minutes


def kind(place: Channel) -> int:
    """The number of its type."""
    if place.parent is not None:
        return THREAD
    return FORUM if place.forum else TEXT


def payload(place: Channel) -> Json:
    """A thread object: it has no rights of its own, and no word on its age restriction."""
    last = None if place.last_message is None else str(place.last_message)
    return {
        "id": str(place.id),
        "type": THREAD,
        "last_message_id": last,
        "flags": 0,
        "last_pin_timestamp": None,
        "guild_id": str(place.guild),
        "name": place.name,
        "parent_id": str(place.parent),
        "rate_limit_per_user": 0,
        "owner_id": str(OWNER_ID),
        "message_count": 0,
        "member_count": 2,
        "total_message_sent": 0,
        "thread_metadata": {
            "archived": place.archived,
            "archive_timestamp": BIRTH,
            "auto_archive_duration": AN_HOUR,
            "locked": place.locked,
            "create_timestamp": BIRTH,
        },
    }


def closed() -> Refused:
    return Refused(400, 50083, "Thread is archived")


def unchanged_while_archived(place: Channel) -> None:
    """Raises 50083 where nothing can be edited or deleted."""
    if place.archived:
        raise closed()
