"""The nouns: what each refuses, and that its bytes mean the same for ever."""
