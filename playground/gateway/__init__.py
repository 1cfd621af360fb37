"""The gateway: sessions with their replay, the sockets that carry them, and who hears what.

A session outlives its socket: it numbers events, keeps them for a RESUME and ends when the
client says goodbye (1000, 1001), when it is invalidated, or when nobody came back in time.
It knows neither REST nor people.
"""
