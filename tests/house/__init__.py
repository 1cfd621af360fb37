"""The house checks itself: what DESIGN promises of its shape, a machine reads here."""
