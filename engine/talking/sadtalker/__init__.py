"""SadTalker v0.0.2 (Zhang et al. 2022): a voice becomes 3D face coefficients, these move a picture.

Own code from the published layouts; the official checkpoints load by their names. torch is imported only by
the modules that hold networks: `mel.py`, `semantics.py`, `alignment.py`, `composition.py`, `options.py` and
`standard_points.py` need none.
"""
