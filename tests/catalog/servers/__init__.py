"""Strict stand-ins of the places that adapters come from, over real sockets on loopback."""
