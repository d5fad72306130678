"""Sticker and video files in the formats of every platform.

On one machine with the same versions the same frames give the same bytes: muxers run in bit-exact mode and
encoders with a fixed number of threads. No half-written file is ever left behind.
"""
