"""The engine: a prompt in, adapters chosen, pictures out.

Law of this house: it has never heard of Discord, of a chat or of a database of
jobs.  Imports go down only: assembly > the rooms > engine > mending > walking > ports >
planning > model > errors, opening.  Importing any module does no work.
"""
