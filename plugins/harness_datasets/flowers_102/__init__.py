"""Oxford Flowers 102: 8,189 photos with masks and ten sentences each."""
