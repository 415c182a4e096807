"""Oxford Flowers 102 with captions: 8,189 photos, ten sentences each."""
