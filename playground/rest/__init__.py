"""Discord's REST under /api/v10.

`door` lets a request in: faults, token, limits, body, both judges, journal.  `routes` names
the endpoints; each handler is a plain function `Call -> Answer` that looks things up, asks
the rules, changes the state and tells the listeners, without ever awaiting: what it does
is one step for everybody else.
"""
