"""The latents that every method with `render` has, by their names (see `Method`)."""

#: `[N, K, 2]`, where the parts are, as fractions of width and height.
KEYPOINTS = "keypoints"
#: `[N, K, D]`, what each part looks like.
APPEARANCE = "appearance"
#: `[N, E]`, what lies behind the parts.
BACKGROUND = "background"
