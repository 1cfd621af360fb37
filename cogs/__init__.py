"""Discord's face: one command family per file.

Law of this house: cogs do not know each other; they speak with the person and ask
`bot` for everything else.  Nothing below imports from here.
"""
