"""Finds adapters for the parts of a prompt.

Law of this room: policy is part of the question, never a filter on the answer;
an index holds vectors of one embedding space and says which; one process writes,
any number read.  LanceDB is known to `index`, `building` and `where` alone, torch
to `embedder` alone; so nothing is imported here.
"""
