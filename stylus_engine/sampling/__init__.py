"""Draws shots: a mask is a vector.

Law of this room: base weights are read, never subtracted from; a change of
adapters, weights or masks changes a vector, not a module.  Noise, latents and
scheduler arithmetic are fp32 whatever the model's precision.  Each slot owns its
scheduler state; the loop owns slots, not jobs.
"""
