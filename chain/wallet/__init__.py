"""Recovery phrases, key derivation, addresses and signed messages. No randomness and no files: those come from above."""
