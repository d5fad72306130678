"""From a photo to a Face: detection, landmarks, head pose, alignment, matte."""
