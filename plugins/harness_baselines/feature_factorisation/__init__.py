"""Deep feature factorisation: parts as the non-negative factors of a network's features."""
