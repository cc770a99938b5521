"""Which labels look wrong, by networks that did not learn them.

A linear head on embeddings is trained five times, each time without a fifth of the images, so that
every label is judged by a head that never saw it. Labels that the first pass doubts count less in
the next, so that they no longer teach their mistake; the labels of the nearest images vote as well.

Legend: N images, D values of an embedding, C of them after reduction, K classes, F folds.
Sources: Northcutt et al. 2021, "Confident Learning" (out-of-sample probabilities, self-confidence);
Zhu et al. 2022, "Detecting Corrupted Labels Without Training a Model to Predict" (neighbours).
How the constants were found is in ADR 0026.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from forge_core.errors import InvalidInput
from forge_core.progress import SILENT, Progress

FOLDS = 5
COMPONENTS = 256
PENALTIES = (0.01, 0.03)
"""Of the head's weights; the one whose answers to unseen labels are likelier is taken."""
PASSES = 2
"""Trainings with doubted labels weighted down; a fourth pass was worse than the third."""
WEIGHT_POWER = 2.0
NEIGHBOURS = 50
VOTE_POWER = 0.5
MIN_IMAGES = 20
MIN_OF_CLASS = 2
MAX_FITTED = 50_000
"""Images that heads are trained on and that vote; of more, a sample by class."""
MAX_LOGITS = 2**26
"""Numbers (N x folds x K) that are computed at once."""
TEMPERATURES = np.geomspace(0.5, 8.0, 41)
_ITERATIONS = 30
_BLOCK_ROWS = 2_000
_TINY = 1e-6

Floats = npt.NDArray[np.float64]
Features = npt.NDArray[np.float16] | npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class RunAnswers:
    """What a trained network says of images that it was not trained on."""

    probabilities: Floats
    """(N, K); rows that do not count may hold anything."""
    is_out_of_sample: Flags
    """(N,) whether the row counts."""


@dataclass(frozen=True, kw_only=True)
class LabelIssues:
    """The N judged labels; every array is (N,)."""

    scores: Floats
    """How likely the label is wrong, 0 to 1, for labels that could be judged; else NaN."""
    suggested: Labels
    """The likeliest class that is not the label."""
    by_run: Flags
    """Whether the run's answers were taken."""
    log_likelihood: float
    """Mean of ln p(label) by heads that did not see it, in the first pass."""
    run_log_likelihood: float | None
    """The same of the run's answers where they count, tempered; None without any."""
    rival_log_likelihood: float | None
    """Of the heads, on the same images as `run_log_likelihood`."""
    num_unjudged: int
    """Labels of classes with a single image."""


def find_label_issues(
    features: Features,
    labels: Labels,
    num_classes: int,
    *,
    answers: RunAnswers | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> LabelIssues:
    """Judge every label.

    Args:
        features: (N, D) embeddings.
        labels: (N,) in [0, K).
        num_classes: K.
        answers: Of a run's network; taken for the images that it did not learn, if its answers to
            them are likelier than those of the heads.
        seed: Which images are together in a fold; the same seed gives the same scores.
        progress: Told the trainings that are done; asked before each.

    Raises:
        InvalidInput: There are fewer than 20 labelled images, or fewer than 2 classes with 2.
        Cancelled: Nothing is answered.
    """
    counts = np.bincount(labels, minlength=num_classes)
    if len(labels) < MIN_IMAGES or int((counts >= MIN_OF_CLASS).sum()) < 2:
        raise InvalidInput(
            f"{len(labels):,} labelled images of {int((counts > 0).sum())} classes are too few to "
            "judge their labels by each other.",
            next_step=f"Label at least {MIN_IMAGES} images, and 2 of each class.",
        )
    reduced = reduce_features(features)
    folds = deal_folds(labels, seed)
    fitted = _sample(labels, seed)
    num_done, num_all = 0, len(PENALTIES) + PASSES

    def fit(penalty: float, weights: Floats) -> Floats:
        nonlocal num_done
        progress.check()
        found = _out_of_fold(reduced, labels, num_classes, folds, fitted, penalty, weights)
        num_done += 1
        progress.advance(num_done, num_all, "Judging the labels")
        return found

    everyone = np.ones(len(labels))
    tried = {penalty: fit(penalty, everyone) for penalty in PENALTIES}
    likely = {penalty: _mean_log(found, labels) for penalty, found in tried.items()}
    penalty = max(likely, key=likely.__getitem__)
    probabilities = tried[penalty]
    weights = everyone
    for _ in range(PASSES):
        weights = _trust(probabilities, labels)
        probabilities = fit(penalty, weights)
    by_run = np.zeros(len(labels), np.bool_)
    run_likely = rival = None
    if answers is not None and bool(answers.is_out_of_sample.any()):
        counted = answers.is_out_of_sample
        tempered = _tempered(answers.probabilities[counted], labels[counted])
        run_likely = _mean_log(tempered, labels[counted])
        rival = _mean_log(tried[penalty][counted], labels[counted])
        if run_likely > rival:
            by_run = counted.copy()
            probabilities[counted] = tempered
    votes = neighbour_votes(reduced, labels, num_classes, fitted, weights)
    joined = np.log(probabilities + _TINY) + VOTE_POWER * np.log(votes + 1e-3)
    joined = _softmax(joined)
    scores = 1.0 - _own(joined, labels)
    is_judged = counts[labels] >= MIN_OF_CLASS
    scores[~is_judged] = np.nan
    joined[np.arange(len(labels)), labels] = -1.0
    return LabelIssues(
        scores=np.clip(scores, 0.0, 1.0),
        suggested=joined.argmax(axis=1),
        by_run=by_run,
        log_likelihood=likely[penalty],
        run_log_likelihood=run_likely,
        rival_log_likelihood=rival,
        num_unjudged=int(np.count_nonzero(~is_judged)),
    )


def reduce_features(features: Features, components: int = COMPONENTS) -> Tensor:
    """The principal components (N, C) of standardised embeddings, on one common scale.

    They are found on at most 50,000 rows, evenly spread.
    """
    step = max(1, len(features) // MAX_FITTED)
    sample = torch.from_numpy(np.ascontiguousarray(features[::step], np.float32))
    mean, spread = sample.mean(0), sample.std(0, correction=0) + _TINY
    sample = (sample - mean) / spread
    basis = _basis(sample, components)
    scale = float((sample @ basis).std(correction=0)) + _TINY
    found = torch.empty(len(features), basis.shape[1])
    for start in range(0, len(features), _BLOCK_ROWS):
        rows = slice(start, start + _BLOCK_ROWS)
        block = torch.from_numpy(np.ascontiguousarray(features[rows], np.float32))
        found[rows] = ((block - mean) / spread) @ basis / scale
    return found


def deal_folds(labels: Labels, seed: int, folds: int = FOLDS) -> Labels:
    """A fold (N,) for each image; the images of each class, and all of them, are dealt out evenly.

    A class goes on where the one before it ended: else small classes would all be in the first.
    """
    random = np.random.default_rng(seed)
    found = np.empty(len(labels), np.int64)
    dealt = 0
    for label in np.unique(labels):
        places = random.permutation(np.flatnonzero(labels == label))
        found[places] = (dealt + np.arange(len(places))) % folds
        dealt += len(places)
    return found


def neighbour_votes(
    reduced: Tensor, labels: Labels, num_classes: int, voters: Labels, weights: Floats
) -> Floats:
    """What the nearest images are labelled, (N, K), each row summing to 1.

    Args:
        reduced: (N, C).
        labels: (N,).
        num_classes: K.
        voters: Positions of the images that vote; an image never votes for itself.
        weights: (N,) how far each label is trusted.
    """
    places = torch.from_numpy(voters)
    there = torch.nn.functional.normalize(reduced, dim=1)
    voting = there[places]
    trusted = torch.from_numpy(weights[voters]).float()
    given = torch.from_numpy(labels[voters])
    number = min(NEIGHBOURS, max(1, len(voters) - 1))
    own = torch.full((len(labels),), -1, dtype=torch.int64)
    own[places] = torch.arange(len(voters))
    votes = torch.zeros(len(labels), num_classes)
    for start in range(0, len(labels), _BLOCK_ROWS):
        rows = slice(start, start + _BLOCK_ROWS)
        likeness = there[rows] @ voting.T
        (asked,) = torch.nonzero(own[rows] >= 0, as_tuple=True)
        likeness[asked, own[rows][asked]] = -2.0
        near, which = likeness.topk(number, dim=1)
        strength = near.clamp(min=0.0) * trusted[which]
        votes[rows].scatter_add_(1, given[which], strength)
    votes += _TINY
    found: Floats = (votes / votes.sum(1, keepdim=True)).double().numpy()
    return found


def _basis(sample: Tensor, components: int) -> Tensor:
    width = sample.shape[1]
    if width <= components:
        return torch.eye(width)
    if len(sample) < width // 2:  # few images: through the rows, the smaller side
        _, _, directions = torch.linalg.svd(sample, full_matrices=False)
        spanned = torch.zeros(width, components)
        spanned[:, : len(sample)] = directions[:components].T  # the rest of them are nowhere
        return spanned
    if width <= 2_048:
        _, vectors = torch.linalg.eigh(sample.T @ sample)
        largest: Tensor = vectors[:, -components:]
        return largest
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        _, _, found = torch.pca_lowrank(sample, q=min(components, len(sample)), center=False)
    return found


def _sample(labels: Labels, seed: int) -> Labels:
    """Positions of at most `MAX_FITTED` images, the same share of each class, in order."""
    if len(labels) <= MAX_FITTED:
        return np.arange(len(labels))
    share = MAX_FITTED / len(labels)
    random = np.random.default_rng([seed, 1])
    chosen = []
    for label in np.unique(labels):
        places = random.permutation(np.flatnonzero(labels == label))
        chosen.append(places[: max(FOLDS, round(share * len(places)))])
    return np.sort(np.concatenate(chosen))


def _out_of_fold(
    reduced: Tensor,
    labels: Labels,
    num_classes: int,
    folds: Labels,
    fitted: Labels,
    penalty: float,
    weights: Floats,
) -> Floats:
    """Probabilities (N, K) of each image by the head that was trained without its fold."""
    found = np.empty((len(labels), num_classes))
    at_once = max(1, min(FOLDS, MAX_LOGITS // (len(fitted) * num_classes)))
    inputs, targets = reduced[torch.from_numpy(fitted)], torch.from_numpy(labels[fitted])
    trusted = torch.from_numpy(weights[fitted]).float()
    own_fold = torch.from_numpy(folds[fitted])
    for first in range(0, FOLDS, at_once):
        group = torch.arange(first, min(first + at_once, FOLDS))
        shares = (own_fold[:, None] != group).float() * trusted[:, None]
        shares = shares / shares.sum(0).clamp(min=_TINY)
        matrix, offset = _fit_heads(inputs, targets, shares, num_classes, penalty)
        for place, fold in enumerate(group.tolist()):
            columns = slice(place * num_classes, (place + 1) * num_classes)
            (rows,) = np.nonzero(folds == fold)
            for start in range(0, len(rows), 10 * _BLOCK_ROWS):
                part = rows[start : start + 10 * _BLOCK_ROWS]
                logits = reduced[torch.from_numpy(part)] @ matrix[:, columns] + offset[columns]
                found[part] = logits.double().softmax(1).numpy()
    return found


def _fit_heads(
    inputs: Tensor, targets: Tensor, shares: Tensor, num_classes: int, penalty: float
) -> tuple[Tensor, Tensor]:
    """Several heads in one matrix (C, heads * K) and offset, each by its own shares (N, heads)."""
    num_heads = shares.shape[1]
    matrix = torch.zeros(inputs.shape[1], num_heads * num_classes, requires_grad=True)
    offset = torch.zeros(num_heads * num_classes, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [matrix, offset],
        max_iter=_ITERATIONS,
        history_size=10,
        line_search_fn="strong_wolfe",
        tolerance_change=1e-7,
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        logits = (inputs @ matrix + offset).view(len(inputs), num_heads, num_classes)
        chosen = targets[:, None, None].expand(-1, num_heads, 1)
        own = logits.log_softmax(2).gather(2, chosen)[:, :, 0]
        value: Tensor = -(own * shares).sum() + penalty * matrix.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return matrix.detach(), offset.detach()


def _trust(probabilities: Floats, labels: Labels) -> Floats:
    """How far each label (N,) is believed: 1 where it is the likeliest class."""
    found: Floats = (_own(probabilities, labels) / probabilities.max(axis=1)) ** WEIGHT_POWER
    return found


def _tempered(probabilities: Floats, labels: Labels) -> Floats:
    """The same answers as sure as they ought to be: a trained network is too sure."""
    logs = np.log(probabilities + _TINY)
    likely = [_mean_log(_softmax(logs / each), labels) for each in TEMPERATURES]
    return _softmax(logs / TEMPERATURES[int(np.argmax(likely))])


def _own(probabilities: Floats, labels: Labels) -> Floats:
    found: Floats = probabilities[np.arange(len(labels)), labels]
    return found


def _mean_log(probabilities: Floats, labels: Labels) -> float:
    return float(np.log(_own(probabilities, labels) + _TINY).mean())


def _softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: Floats = raised / raised.sum(axis=1, keepdims=True)
    return found
