"""Sets of drawings to learn a style from: cleaning, judging, laying out. It needs no torch."""
