"""What drawing with an adapter shows: how strong, how steady, how burnt, and at which weight it is best.

    plan       who is next, and which few pictures tell enough
    figures    pictures with and without -> strength, direction, consistency, saturation, fault
    examining  one adapter: shots out, pictures in, until there is a verdict
    checking   the same, driven by somebody who draws; one adapter or the whole shelf
    waiting    the same, a few pictures at a time, in the idle hours of a bot

Law of this room: it draws nothing itself and keeps nothing.  It names shots and reads
the pictures that come back; what was found is a `Checked`, and the catalogue keeps it.
That pictures are broken is found here; that they show something else than the card
says is not: for that something would have to read words and pictures both.
"""
