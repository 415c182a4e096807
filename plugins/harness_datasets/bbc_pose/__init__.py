"""BBC Pose: videos of sign-language signers with seven joints."""
