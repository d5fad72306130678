"""Learning a style: a StyleGAN2 goes on training on drawings, or begins with them.

Rules of Karras et al. 2020 ("Training generative adversarial networks with limited data", ADA) and Mo et al.
2020 ("Freeze the discriminator", FreezeD).

Random numbers are no state: they follow from (seed, step, phase, microbatch). A run that goes on after a
kill, or is spread over processes, draws the same ones.
"""
