"""Hashing, Ed25519 signatures, the Merkle tree and the Merkle map: everything above is built from these."""
