"""What people ask for in JSON, and what of it cannot be."""

from aiohttp import web

from playground.messages import Message
from playground.play import PLAY, Play
from playground.shapes import Json, Refused, as_json
from playground.world import Channel, User


class Wrong(Exception):
    """A person cannot do that; the sentence says why."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


class Wish:
    """The JSON body of a people's request; ids are strings, names do as well."""

    def __init__(self, play: Play, body: Json) -> None:
        self.play = play
        self.body = body

    @classmethod
    async def read(cls, request: web.Request) -> "Wish":
        try:
            return cls(request.app[PLAY], as_json(await request.json()))
        except ValueError:
            raise Wrong("The body is not JSON.") from None

    def text(self, key: str, usual: str | None = None) -> str:
        value = self.body.get(key, usual)
        if value is None:
            raise Wrong(f"{key} is missing.")
        return str(value)

    def object(self, key: str) -> Json:
        return as_json(self.body.get(key))

    def user(self, key: str = "user") -> User:
        return find_user(self.play, self.text(key))

    def channel(self) -> Channel:
        """A channel that the user may see."""
        place = find_channel(self.play, self.text("channel"))
        if place.recipient is not None and place.recipient != self.user().id:
            raise Wrong("That is somebody else's direct channel.", 403)
        return place

    def channel_alone(self) -> Channel:
        """A channel, whoever asks."""
        return find_channel(self.play, self.text("channel"))

    def message(self, key: str = "message") -> Message:
        """A message that the user sees in the channel."""
        text = self.text(key)
        try:
            found = self.play.book.get(self.channel().id, int(text))
        except (ValueError, Refused):
            raise Wrong("There is no such message in that channel.", 404) from None
        if not found.visible_to(self.user().id):
            raise Wrong("There is no such message in that channel.", 404)
        return found


def find_user(play: Play, text: str) -> User:
    """By id or by name."""
    for user in play.world.users.values():
        if text in {str(user.id), user.username, user.global_name}:
            return user
    raise Wrong(f"There is no user {text}.", 404)


def find_channel(play: Play, text: str) -> Channel:
    """By id or, in the order of the guilds, by name."""
    for place in play.world.channels.values():
        if text in {str(place.id), place.name} and text:
            return place
    raise Wrong(f"There is no channel {text}.", 404)
