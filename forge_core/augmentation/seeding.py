"""Randomness as a pure function of (seed, epoch, position).

The same run gives the same augmented images whatever the number of workers or the place where
it was resumed, and the preview can show exactly what training will see.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def sample_seed(seed: int, epoch: int, position: int) -> int:
    """Seed of the augmentation of one training sample.

    Args:
        seed: Seed of the run.
        epoch: Epoch, from 0.
        position: Place in the order of that epoch, from 0; an image that is drawn twice in an
            epoch has two positions and so two different augmentations.

    Returns:
        A number in [0, 2**63), the same on every machine; neighbours are unrelated.
    """
    words = f"{seed}/{epoch}/{position}".encode()
    return int.from_bytes(hashlib.blake2b(words, digest_size=8).digest(), "big") >> 1


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Run the body on torch's CPU random stream started at `seed`, then put the old stream back.

    Dropout and weight initialisation outside do not notice. The CUDA streams are left alone
    (`torch.manual_seed` would restart them too). The stream belongs to the process: use it from
    one thread at a time.
    """
    state = torch.get_rng_state()
    torch.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        torch.set_rng_state(state)
