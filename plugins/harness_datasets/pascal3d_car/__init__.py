"""Profile views of cars from PASCAL 3D+ with six landmarks."""
