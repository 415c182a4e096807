"""New packages from templates."""
