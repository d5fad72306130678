"""Styles that are made of dots: what is painted anew in a frame is made of dots, too."""

import cv2
import numpy as np

from engine.raster import Raster

PARTS = 2  # of a style's dots, each way, in what moves: whole ones are as large as teeth and lashes


def in_dots(picture: Raster, first_row: int, first_column: int, side: int) -> Raster:
    """Give each dot the mean of what is painted there.

    Parameters
    ----------
    picture : (h, w) or (h, w, C), part of a texture whose dots begin at multiples of `side`
    first_row, first_column : of the part in the texture, samples
    side : of a dot, samples
    """
    above, before = first_row % side, first_column % side
    height, width = above + picture.shape[0], before + picture.shape[1]
    below, after = -height % side, -width % side
    whole = cv2.copyMakeBorder(picture, above, below, before, after, cv2.BORDER_REPLICATE)
    columns, rows = whole.shape[1] // side, whole.shape[0] // side
    means = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
    dots = cv2.resize(means, whole.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    return np.ascontiguousarray(dots[above:height, before:width])
