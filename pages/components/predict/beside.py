"""What a second checkpoint says of the same pictures."""

from collections.abc import Sequence

import streamlit as st

from forge_core.inference.prediction import Prediction
from pages.components import errors
from pages.components.predict import verdicts
from pages.components.predict.answers import Answer
from pages.components.words import text

MOST_CLASSES = 3


def show_one(name: str, own: Answer, other: Answer, threshold: float) -> None:
    """The other answer to one picture, below the first.

    Args:
        name: Of the second checkpoint.
        own: What the first says.
        other: What the second says.
        threshold: From which probability on an answer counts as sure, where there is no rule.
    """
    if own.prediction is None or other.prediction is None:
        return
    verdict = verdicts.WORDS[verdicts.decide(other.prediction, threshold)].lower()
    said = ", ".join(
        f"{errors.literal(entry.label_name)} {text.percent(entry.probability)}"
        for entry in other.prediction.probabilities[:MOST_CLASSES]
    )
    same = "the same" if top(own.prediction) == top(other.prediction) else "another class"
    st.markdown(f"**{errors.literal(name)}** says {same}: {said} ({verdict}).")


def count_different(own: Sequence[Answer], others: Sequence[Answer]) -> int:
    """Of how many files the two say different classes."""
    pairs = zip(own, others, strict=True)
    return sum(
        a.prediction is not None
        and b.prediction is not None
        and top(a.prediction) != top(b.prediction)
        for a, b in pairs
    )


def top(prediction: Prediction) -> str:
    """Name of the most likely class."""
    return prediction.probabilities[0].label_name
