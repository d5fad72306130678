"""StyleGAN2: pictures from random vectors, drawn by networks that an operator brings.

Written from the papers (Karras et al. 2019, 2020a, 2020b; Pinkney and Adler 2020; Richardson et al. 2021; Tov
et al. 2021) and held against numbers that the published programs give. Needs the extra `neural`.
"""
