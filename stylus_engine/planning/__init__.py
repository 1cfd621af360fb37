"""From a plan to shots: masks, weights, recipes, seeds.

Law of this room: pure arithmetic.  No file, no clock, no torch, no global
randomness: the same plan and seed give the same shots on every machine.  No set
of all masks is ever built; a mask is computed from its number.
"""
