"""The miniature: a small drawn world, a real checkpoint that was trained on it, adapters, a judge.

Law of this floor: because the world is drawn, the truth about every picture is
known.  The engine below knows `data/` as any checkpoint folder; what is trained
here is drawn by the very code that draws SDXL.
"""
