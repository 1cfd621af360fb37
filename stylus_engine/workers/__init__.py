"""Runs a planner or a drawer in another process and speaks with it.

    bot  --Arrange, Search, Draw, Drop…-->  worker
    bot  <--Ready, Beat, Arranged, Happened…--  worker

Law of this room: it is given a command line and knows nothing of what runs behind
it; frames are the only thing that crosses, each a noun with a version.  End of
file ends the worker: no orphan outlives its bot.
"""
