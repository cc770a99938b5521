"""How often a person is wrong where the label is certain."""

from dataclasses import dataclass

from forge_core.evaluation.sampling.intervals import wilson_interval

MIN_ANSWERS = 10
"""With fewer answers an error rate cannot be told."""


@dataclass(frozen=True, kw_only=True)
class ErrorRate:
    """Of a person's answers to gold questions the share that is wrong; None where too few."""

    num_answers: int
    num_wrong: int
    rate: float | None = None
    """0 to 1."""
    interval: tuple[float, float] | None = None
    """At 95 %, of Wilson."""
    reason: str = ""
    """Why it cannot be told, a sentence."""


def error_rate(num_wrong: int, num_answers: int) -> ErrorRate:
    """The error rate of so many wrong answers."""
    if num_answers < MIN_ANSWERS:
        return ErrorRate(
            num_answers=num_answers,
            num_wrong=num_wrong,
            reason=f"Too few to tell: {num_answers} gold questions are answered, "
            f"{MIN_ANSWERS} are needed.",
        )
    return ErrorRate(
        num_answers=num_answers,
        num_wrong=num_wrong,
        rate=num_wrong / num_answers,
        interval=wilson_interval(num_wrong, num_answers),
    )
