"""What a worker process offers: the planner's desk and the drawer's.

Law of this room: it runs in a worker, never in the bot.  It is handed an engine by
the door (`bot.worker`) and knows only what it asks of it; what is heavy is loaded by
the engine when it is first needed, on the desk's own thread.
"""
