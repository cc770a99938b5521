"""Accepted, not sure or unfamiliar: what the page says of an answer, and why."""

from collections.abc import Sequence

from forge_core.inference.prediction import Prediction
from forge_core.models.checkpoints.decision_rule import Decision, DecisionRule
from pages.components import errors
from pages.components.words import text

WORDS = {
    Decision.ACCEPTED: "Accepted",
    Decision.NOT_SURE: "Not sure",
    Decision.UNFAMILIAR: "Unfamiliar",
}


def decide(prediction: Prediction, threshold: float) -> Decision:
    """What the checkpoint's rule decided; without a rule, whether it is as sure as was asked."""
    if prediction.decision is not None:
        return prediction.decision
    is_sure = prediction.probabilities[0].probability >= threshold
    return Decision.ACCEPTED if is_sure else Decision.NOT_SURE


def explain(prediction: Prediction, threshold: float, rule: DecisionRule | None) -> str:
    """Why, in a sentence; the names in it are shown as they are."""
    decision, best = decide(prediction, threshold), prediction.probabilities[0]
    name = errors.literal(best.label_name)
    if decision is Decision.UNFAMILIAR:
        return f"It looks like nothing that it was trained on, so {name} means little here."
    if rule is None:
        if decision is Decision.ACCEPTED:
            return ""
        return (
            f"The most likely class has {text.probability(best.probability)}, below the "
            f"{text.percent(threshold, 0)} that counts as sure."
        )
    promised = f"at most {100 * rule.max_error:g} % of the accepted answers are wrong"
    line = text.percent(rule.min_confidence)
    if decision is Decision.ACCEPTED and not rule.min_confidence:
        return f"Accepted, as all that looks familiar is: {promised}."
    if decision is Decision.ACCEPTED:
        return f"Accepted: from {line} on {promised}."
    return f"Most likely {name}, {text.probability(best.probability)}; from {line} on {promised}."


def count(predictions: Sequence[Prediction], threshold: float) -> dict[Decision, int]:
    """How many there are of each, in the order of the decisions."""
    found = [decide(each, threshold) for each in predictions]
    return {decision: found.count(decision) for decision in Decision}
