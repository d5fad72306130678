"""Everything that makes pictures and sound. Knows nothing of chats or databases."""
