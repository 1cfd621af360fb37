"""What happens between an interaction and its one answer.

    interaction -> Reply -> (router | a cog) -> Entrance | a card -> acknowledged

Law of this room: every interaction is answered within Discord's three seconds, once,
whatever happens; what goes wrong ends in one table of texts.  Nothing is remembered
between two interactions: a button says all that it needs (`bot.custom_ids`), so that
it works after a restart and for ever.

discord.py's own views and DynamicItems are not used to listen: their registry loses
entries, their errors vanish, their modals die with the process.  `on_interaction`
fires in every case.
"""
