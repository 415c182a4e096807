"""Things that keep the contract, and for every check one that breaks just it."""
