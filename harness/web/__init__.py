"""What all static pages share: their look, their frame, axes and pictures."""
