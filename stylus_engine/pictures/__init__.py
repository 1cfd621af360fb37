"""Pictures on disk: PNG files that say how they were drawn, named by their own bytes.

Law of this room: a file is there whole or not at all (written beside its place,
fsynced, renamed, its folder fsynced), and what is read is never trusted: sizes
are looked at before pixels are made, a manifest is checked before it is believed.
This room knows Pillow; it has never heard of torch.
"""
