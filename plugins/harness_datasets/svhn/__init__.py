"""SVHN: house numbers from street photos, cut to single digits."""
