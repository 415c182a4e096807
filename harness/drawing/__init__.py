"""Images drawn anew: edits of photos, generated images and latents, their pictures, saved edits."""
