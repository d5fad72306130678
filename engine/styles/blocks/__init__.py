"""What styles are made of: each file one thing that a drawing can have."""
