"""The people's side: what a client lets a person do, over plain JSON on loopback.

It refuses what Discord's own client would not let a person do (a missing option, a button
that is not there, a disabled one), unless asked to forge.  Errors are `{"error": sentence}`.
"""
