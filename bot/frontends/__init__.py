"""Thin adapters, one a platform: updates become events, replies become messages; they decide nothing."""
