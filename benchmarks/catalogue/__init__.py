"""What the catalogue's benchmark shares: cards as people write them, their vectors, the peers."""
