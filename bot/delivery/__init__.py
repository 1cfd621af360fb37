"""How pictures come home: three roads, each job posted exactly once.

    token   edit the first answer with the interaction's own token (15 minutes)
    bot     edit the same message as the bot
    new     a new message, in the channel or in the person's DM

Law of this room: it has never heard of Discord's library; it speaks to a `Wire` and
lets a `Clerk` write.  What was tried stands in the line, never in memory: a pass over
a job begins with what the database says, so a restart and a second try are one path.
An attempt whose answer was lost is *in doubt*: the same edit may be repeated freely,
but nothing new is written before it is known that the old one is not there.
"""
