"""From a Voice to a Motion: phones, visemes, prosody."""
