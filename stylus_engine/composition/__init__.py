"""Chooses among candidates: the prompt's concepts get adapters, each with a reason.

    candidates -> menu -> asking -> speaking -> reading -> judging -> Plan     (with a language model)
    candidates -> fits -> Plan                                                (without)

Law of this room: it chooses only from what it was offered, and says why; it never
searches, never opens a file.  When nothing fits it abstains: a plan without tasks
is a good answer.  What cards and prompts say is data to a language model, and what
that answers is data to us: all of it passes `reading` and `judging`, also what was
remembered.  Whatever goes wrong with it, the offline composer answers and the plan
says so.  Only `speaking` knows openai.
"""
