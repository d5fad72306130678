"""Measures behind the tables of docs/: lips, likeness, speed."""
