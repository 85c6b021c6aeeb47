"""How we decide: pure functions without I/O, clock or randomness."""
