"""How much tests by chance try: little while one waits for them, more in `make chaos`."""

import os

from hypothesis.internal.conjecture import providers

ASKED = os.environ.get("FORGE_TEST_EXAMPLES")


def examples(few: int) -> int:
    """How many examples a test tries: as many as FORGE_TEST_EXAMPLES says, else these few."""
    return few if ASKED is None else int(ASKED)


def without_constants_of_the_product() -> None:
    """Let Hypothesis draw no texts and numbers because they stand in our sources.

    It would parse all of them in each process of the suite (a third of the time that collecting
    takes), and what a seed draws would be another with every change of any file.
    """
    providers.is_local_module_file = lambda path: False
