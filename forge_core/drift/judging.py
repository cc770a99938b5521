"""From traffic and reference to what is said of them. Pure: it reads and writes nothing.

Legend: N answers, K classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from forge_core.drift import accuracy, class_mix, strangeness, two_sample
from forge_core.drift.accuracy import Estimate
from forge_core.drift.audits import LEAST_LABELS, Audit
from forge_core.drift.class_mix import ClassShare
from forge_core.drift.reference import Reference
from forge_core.drift.strangeness import Rows, Strangers
from forge_core.drift.traffic import Traffic
from forge_core.drift.two_sample import TwoSampleTest
from forge_core.evaluation import calibration
from forge_core.evaluation.answers import Floats

ALARM = 0.05 / 20
"""A test below this is an alarm: in 20 undisturbed days the chance of any is at most 5 %."""
LEAST_IMAGES = 100
"""Fewer answers say too little."""
LEAST_OF_DAY = two_sample.LEAST_IMAGES
EXCESS = 0.03
"""By so much more strange images than the reference has, nothing can be said without labels."""
MAX_DAYS = 60
MAX_STRANGE = 50


class Verdict(StrEnum):
    """What happened, and so what may be believed."""

    STEADY = "steady"
    CHANGED = "changed"
    CANNOT_KNOW = "cannot know"


@dataclass(frozen=True, kw_only=True)
class Day:
    """The answers of one day, UTC."""

    date: str
    num_answers: int
    estimate: Estimate
    """Without labels."""
    test: TwoSampleTest | None
    """None with too few images."""

    @property
    def is_alarm(self) -> bool:
        """Whether it differs from the reference more than 20 undisturbed days may."""
        return self.test is not None and self.test.p_value <= ALARM


@dataclass(frozen=True, kw_only=True)
class StrangeImage:
    """An answer to an image that is unlike the reference."""

    time: str
    request_id: str
    image_sha256: str
    label_name: str
    confidence: float
    distance: float
    """To the fifth nearest image of the reference, 0 to 2."""
    has_picture: bool


@dataclass(frozen=True, kw_only=True)
class DriftReport:
    """What is known of the traffic of a checkpoint."""

    checkpoint_sha256: str
    run_id: int
    architecture: str
    folder: str
    first: str
    last: str
    num_answers: int
    verdict: Verdict
    sentence: str
    """What happened, and whether the estimate can be trusted."""
    reference_accuracy: float
    num_reference: int
    unlabelled: Estimate | None
    """Accuracy without labels; None where its assumption fails."""
    audited: Estimate | None
    """Accuracy after an audit; None without enough labels."""
    num_labels: int
    test: TwoSampleTest | None
    """Of all answers against the reference."""
    compared: str
    """What was compared: embeddings, or probabilities where the log has none."""
    strangers: Strangers | None
    """None without embeddings."""
    mix: tuple[ClassShare, ...]
    days: tuple[Day, ...]
    """Oldest first; the newest `MAX_DAYS`."""
    strangest: tuple[StrangeImage, ...]
    """Farthest first."""
    notes: tuple[str, ...]

    @property
    def alarms(self) -> list[Day]:
        """Days that differ from the reference."""
        return [day for day in self.days if day.is_alarm]


def calibrated(seen: Floats, reference: Reference) -> tuple[Floats, Floats]:
    """Probabilities of the traffic (N, K) and of the reference (M, K), calibrated on the reference.

    A temperature is fitted there; near 1 where the checkpoint was calibrated.
    """
    fitted = calibration.fit_temperature(_logarithms(reference.probabilities), reference.places)
    power = 1.0 if fitted is None else 1 / fitted.value
    return _heated(seen, power), _heated(reference.probabilities, power)


def judge(
    seen: Traffic, reference: Reference, audit: Audit | None = None, *, seed: int = 0
) -> DriftReport:
    """Everything that is known of the traffic.

    Args:
        seen: The traffic, N at least 1.
        reference: Of the same checkpoint.
        audit: What a person found, where there is an audit.
        seed: Of draws.
    """
    probabilities, own = calibrated(seen.probabilities, reference)
    confidence, own_confidence = probabilities.max(axis=1), own.max(axis=1)
    is_embedded = seen.embeddings is not None
    rows: Rows = seen.embeddings if seen.embeddings is not None else np.sqrt(probabilities)
    own_rows: Rows = reference.embeddings if is_embedded else np.sqrt(own)
    unlabelled = accuracy.estimate_without_labels(confidence, own_confidence, reference.is_right)
    distances = own_distances = None
    strangers = None
    if is_embedded:
        distances = strangeness.distances(rows, own_rows)
        own_distances = strangeness.distances(own_rows, own_rows, is_reference=True)
        strangers = strangeness.count(own_distances, distances)
    is_enough = len(seen) >= LEAST_IMAGES
    test = two_sample.compare(own_rows, rows, seed=seed) if is_enough else None
    days = _judge_days(seen, rows, own_rows, confidence, own_confidence, reference, seed)
    shares, low, high = class_mix.estimate(probabilities, own, seed=seed)
    answered = np.bincount(seen.predicted, minlength=len(shares)) / len(seen)
    audited = None
    num_labels = 0 if audit is None else audit.num_labels
    if audit is not None and num_labels >= LEAST_LABELS:
        audited = accuracy.estimate_after_audit(audit.found())
    verdict, sentence = _say(
        len(seen), strangers, test, days, unlabelled, audited, reference, num_labels
    )
    return DriftReport(
        checkpoint_sha256=seen.checkpoint.sha256,
        run_id=reference.run_id,
        architecture=seen.checkpoint.architecture,
        folder=str(seen.folder),
        first=seen.answers[0].time.isoformat(timespec="seconds"),
        last=seen.answers[-1].time.isoformat(timespec="seconds"),
        num_answers=len(seen),
        verdict=verdict,
        sentence=sentence,
        reference_accuracy=float(reference.is_right.mean()),
        num_reference=len(reference.places),
        unlabelled=None if verdict is Verdict.CANNOT_KNOW else unlabelled,
        audited=audited,
        num_labels=num_labels,
        test=test,
        compared="embeddings" if is_embedded else "probabilities",
        strangers=strangers,
        mix=tuple(
            ClassShare(
                name=name,
                trained=float(reference.train_shares[place]),
                traffic=float(shares[place]),
                low=float(low[place]),
                high=float(high[place]),
                answered=float(answered[place]),
            )
            for place, name in enumerate(reference.class_names)
        ),
        days=days,
        strangest=_list_strangest(seen, confidence, distances),
        notes=_notes(seen, audit),
    )


def _judge_days(
    seen: Traffic,
    rows: Rows,
    own_rows: Rows,
    confidence: Floats,
    own_confidence: Floats,
    reference: Reference,
    seed: int,
) -> tuple[Day, ...]:
    dates = np.array(seen.days)
    found = []
    for date in np.unique(dates)[-MAX_DAYS:]:
        is_of_day = dates == date
        number = int(is_of_day.sum())
        test = None
        if number >= LEAST_OF_DAY:
            test = two_sample.compare(own_rows, rows[is_of_day], seed=seed)
        found.append(
            Day(
                date=str(date),
                num_answers=number,
                estimate=accuracy.estimate_without_labels(
                    confidence[is_of_day], own_confidence, reference.is_right
                ),
                test=test,
            )
        )
    return tuple(found)


def _say(
    number: int,
    strangers: Strangers | None,
    test: TwoSampleTest | None,
    days: Sequence[Day],
    unlabelled: Estimate,
    audited: Estimate | None,
    reference: Reference,
    num_labels: int,
) -> tuple[Verdict, str]:
    by_audit = (
        ""
        if audited is None
        else (f" By the audit of {num_labels} images {_range(audited)} of the answers are right.")
    )
    if number < LEAST_IMAGES:
        return Verdict.CANNOT_KNOW, (
            f"Only {number:,} answers are logged, too few to say anything; it takes {LEAST_IMAGES}."
            + by_audit
        )
    if (
        strangers is not None
        and strangers.p_value <= ALARM
        and strangers.share >= strangers.reference_share + EXCESS
    ):
        return Verdict.CANNOT_KNOW, (
            f"{_percent(strangers.share)} of the images are unlike anything in the tests "
            f"({_percent(strangers.reference_share)} would be expected), so without labels it "
            "cannot be known how right the answers are." + (by_audit or " Audit 50 of them.")
        )
    alarms = [day.date for day in days if day.is_alarm]
    is_changed = (test is not None and test.p_value <= ALARM) or bool(alarms)
    if is_changed:
        when = (
            f" (days: {', '.join(alarms[:3])}{' ...' if len(alarms) > 3 else ''})" if alarms else ""
        )
        return Verdict.CHANGED, (
            f"The images no longer look like those of the tests{when}. "
            + (
                by_audit.strip()
                if audited is not None
                else f"About {_range(unlabelled)} of the answers are right if confidence still "
                "means what it did, which nobody has checked: audit 50."
            )
        )
    estimate = unlabelled if audited is None else audited
    how = "without labels" if audited is None else f"after an audit of {num_labels} images"
    return Verdict.STEADY, (
        f"The images look like those of the tests. About {_range(estimate)} of the answers are "
        f"right, estimated {how}; in the tests {_percent(float(reference.is_right.mean()))} were."
    )


def _list_strangest(
    seen: Traffic, confidence: Floats, distances: Floats | None
) -> tuple[StrangeImage, ...]:
    """Each picture once, the farthest first; by doubt where there are no embeddings."""
    order = np.argsort(confidence if distances is None else -distances, kind="stable")
    found: dict[str, StrangeImage] = {}
    for row in order:
        answer = seen.answers[int(row)]
        if answer.image_sha256 not in found:
            found[answer.image_sha256] = StrangeImage(
                time=answer.time.isoformat(timespec="seconds"),
                request_id=answer.request_id,
                image_sha256=answer.image_sha256,
                label_name=answer.label_name,
                confidence=float(confidence[row]),
                distance=0.0 if distances is None else float(distances[row]),
                has_picture=answer.has_picture,
            )
        if len(found) == MAX_STRANGE:
            break
    return tuple(found.values())


def _notes(seen: Traffic, audit: Audit | None) -> tuple[str, ...]:
    notes = []
    if seen.embeddings is None:
        notes.append(
            "The log has no embeddings, as an ONNX file gives none: probabilities are compared "
            "instead, and unfamiliar images cannot be told."
        )
    if seen.is_cut:
        notes.append(f"Only the newest {len(seen):,} answers were looked at.")
    if seen.others:
        notes.append(
            f"{sum(seen.others.values()):,} answers of other checkpoints are left out: "
            + ", ".join(f"{sha256[:12]} ({number:,})" for sha256, number in seen.others.items())
            + "."
        )
    if seen.num_unreadable:
        notes.append(f"{seen.num_unreadable:,} lines of the log cannot be read.")
    if audit is not None and audit.last < seen.answers[-1].time.isoformat(timespec="seconds"):
        notes.append(f"The audit is of the answers up to {audit.last[:16].replace('T', ' ')} UTC.")
    return tuple(notes)


def _range(estimate: Estimate) -> str:
    return f"{_percent(estimate.value)} ({100 * estimate.low:.0f} to {_percent(estimate.high)})"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _logarithms(probabilities: Floats) -> Floats:
    found: Floats = np.log(np.maximum(probabilities, 1e-7))
    return found


def _heated(probabilities: Floats, power: float) -> Floats:
    scores = power * _logarithms(probabilities)
    scores -= scores.max(axis=1, keepdims=True)
    weights = np.exp(scores)
    found: Floats = weights / weights.sum(axis=1, keepdims=True)
    return found
