"""Photos from a folder or a zip, with whatever labels lie beside them."""
