"""Discord without Discord: a strict stand-in on loopback, and the people who use it.

It imports nothing of ours and nothing of ours imports it; it is started as a process
(`python -m playground`) and spoken to by sockets: REST under /api/v10, the gateway under
/gw/, files under /cdn/, and the people's API under /playground/api/.

It refuses what Discord refuses.  Where Discord's behaviour is known only by hearsay, the
stricter reading is taken.  All state lies in memory and ends with the process.
"""
