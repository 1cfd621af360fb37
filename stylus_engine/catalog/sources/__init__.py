"""Where cards come from: each module is one place, read and never written to.

    a place -> Page(items, skipped, gone, cursor) -> the catalogue

Law of this room: a source tells what it found and keeps nothing; progress is the
catalogue's.  What arrives is hostile until it is a noun: capped, cleaned, its odd
records told of one by one, and no single one of them stops the others.  A source raises
`BadSource` only when the place itself is of no use.
"""
