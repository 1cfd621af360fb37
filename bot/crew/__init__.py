"""The crew: processes that plan and draw, kept alive, fed from the line, heard for the line.

    Supervisor  starts workers, notices their end, silence and standstill, starts them anew
    Dispatcher  line -> workers -> line; the only one who claims
    Bus         news for whoever shows them; nothing durable

Law of this room: it has never heard of Discord, and never plans or draws itself.  What
to feed and what to kill are functions of frozen snapshots (`deciding`, `watching`);
the two classes only do it.  A worker's name holds for one process: after it died
nobody ever has that name again, so a lease cannot be mistaken.  `asyncio.timeout`, never
`wait_for`: in Python 3.11 that one loses a cancel that comes together with the answer,
and a loop that was ended goes on.
"""
