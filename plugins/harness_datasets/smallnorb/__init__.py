"""smallNORB: grey photos of toys from 162 viewpoints, as clips."""
