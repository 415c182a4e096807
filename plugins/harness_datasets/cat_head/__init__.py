"""Cat heads with nine landmarks, as published or in the prepared release of crops."""
