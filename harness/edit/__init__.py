"""`harness edit`: a page in the browser for changing what a trained generator draws."""
