"""What people see: pure builders, from nouns and a language to a Components V2 card.

    status      the message while a job waits and is drawn
    result      the card: gallery, captions, credits, buttons; `credits` and `remarks` are its texts
    rating      👍 and 👎 under a result
    compare     two presets beside each other, and which of them people prefer
    ended       failed, cancelled, undeliverable
    details     everything about one job, with files
    lists       /queue and /history
    adapters    /adapters browse and info
    pages       /help and /about
    answers     refusals, notices, deleted
    modals      the edit window, and what came back from it
    letter      what a road is handed

Law of this room: nothing is read or kept here, no clock, no database.  A view is made
fresh for every try and stopped at once, so that discord.py stores nothing; what a
button says is `bot.custom_ids`.  Whatever a person or a card wrote goes through
`bot.texts.escape` on its way in, and every part has a budget, so that no input makes
a card that Discord refuses (`parts`: 40 components, 4,000 characters).
"""
