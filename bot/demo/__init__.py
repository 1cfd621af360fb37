"""`stylus demo`: the playground, the bot and the miniature, with nobody's account.

Law of this room: it stands where a person stands.  It starts the very programs that
are started elsewhere, as processes, and knows of them only what the page knows.
"""
