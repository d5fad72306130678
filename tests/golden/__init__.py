"""Numbers that published networks give, and what runs ours against them.

A fixture is `NAME.json` with `NAME.golden.npz` (inputs and outputs); weights are made again from each
tensor's name (`filling.py`), so no weights are needed. `python -m tests.golden DIR` runs all of a folder.
"""
