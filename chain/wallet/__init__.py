"""Recovery phrases, key derivation, addresses, signed messages: no randomness and no files, those come from above."""
