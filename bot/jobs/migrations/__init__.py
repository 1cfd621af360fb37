"""How the tables became what they are: one step per release, never rewritten after it."""
