"""ADA: the probability of augmentation follows how sure the discriminator is of real pictures.

Karras et al. 2020, section 3.1, heuristic r_t: the mean sign of the scores of real pictures. 0 is no
overfitting, 1 is complete overfitting.
"""

EVERY = 4  # steps between two moves of p


def moved(p: float, r_t: float, pictures: int, target: float, kimg: float) -> float:
    """The next p.

    Parameters
    ----------
    r_t : mean sign of the scores of the `pictures` real ones shown since the last move
    target : p grows where r_t is above, shrinks where it is below
    kimg : thousands of pictures in which p can move by 1
    """
    direction = (r_t > target) - (r_t < target)
    return max(0.0, p + direction * pictures / (kimg * 1000))
