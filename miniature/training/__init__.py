"""How the miniature is trained: tokeniser, autoencoder, denoiser, adapters. Knows the world and torch; draws nothing."""
