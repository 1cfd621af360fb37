"""What `stylus setup` finds out and writes; the asking itself is in `bot.cli.setup`.

Law of this room: other programs' folders are looked at, never touched; a secret
goes to its own file and nowhere else; everything may be run again.
"""
