"""What an adapter adds, in words a prompt would use: written by rules, or by a model that looks at it.

    Known -> rules.describe             -> Described(by="rules")
    Known -> asking -> model -> reading -> Described(by=the model's name)

Law of this room: a refiner changes the describing fields of the one card it was given,
and has no words for anything else: no id, no path, no trigger goes in or comes out.  What
a card says is data: made plain, capped and fenced before a model sees it.  What a model
says is data as well: all of it passes `reading`, also what was remembered or came from a
batch.  Money is counted before it is spent.  Only `server` knows openai.
"""

from stylus_engine.catalog.refiner.rules import describe

__all__ = ["describe"]
