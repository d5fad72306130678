"""What is remembered: models, repositories, blobs. Knows nothing of bot or engine."""
