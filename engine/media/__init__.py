"""Files: sticker, video, video sticker, video note."""
