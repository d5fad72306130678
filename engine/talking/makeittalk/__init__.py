"""MakeItTalk (Zhou et al., SIGGRAPH Asia 2020): landmarks that speak, for drawings and for photos.

Own code, from the papers and from facts about the published checkpoints; their weights are CC BY-NC 4.0 and
the operator's. `makeittalk.py` puts the parts together; torch is imported by it and by the networks.
"""
