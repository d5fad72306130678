"""From a Character and a Motion to frames."""
