"""Reading files of weights without running anything that they say.

A `.pt` or `.pkl` file is a program for a small stack machine that may ask for any function of any module.
`machine.py` runs the part of that program that makes lists, dictionaries, numbers and texts; `globals.py`
names the few things it may ask for, each answered by a plain record of ours; `files.py` knows the containers
around it; `tensors.py` alone needs torch.
"""
