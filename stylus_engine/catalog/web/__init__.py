"""The one door to other people's servers: polite, capped, and blind to what lies inside.

    url -> judged -> (limiter -> socket to a judged address -> answer) per hop -> body, capped

Law of this room: nothing is asked that was not judged, and every hop is judged anew.
Names are judged by the addresses they lead to, where the socket is made; a look-up
that changes its mind between judging and connecting has nothing to change.  A
caller's headers go to the origin they were meant for and no further.  An error
names host and path, never a query: tokens travel there.
"""

from stylus_engine.catalog.web.rules import Piece, Rules, Saved
from stylus_engine.catalog.web.web import Web

__all__ = ["Piece", "Rules", "Saved", "Web"]
