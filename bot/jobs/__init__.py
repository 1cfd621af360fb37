"""The durable line: what was promised to whom, and how far it is.

    queued -> planned -> drawn -> posting -> posted
                                          -> failed | cancelled | undeliverable

Law of this room: it has never heard of Discord, and it never looks at a clock:
every call takes `now` (seconds since 1970).  Only the bot process writes here.
What is told to a person was committed before; a lease is columns, not a state;
whoever comes with an old fence is not heard.
"""
