"""Chooses among candidates: the prompt's concepts get adapters, each with a reason.

Law of this room: it chooses only from what it was offered, and says why; it never
searches, never opens a file.  When nothing fits it abstains: a plan without tasks
is a good answer.
"""
