"""Animals with Attributes 2: photos of animals."""
