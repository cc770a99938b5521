"""Training on the images that can be used: those that cannot are found out and left out."""

from collections.abc import Callable

from forge_core.errors import ImageRejected
from forge_core.progress import Cancelled
from forge_core.training import fit_context, loop, results
from forge_core.training.compute.compute_plan import ComputePlan
from forge_core.training.compute.ranks import ALONE, Ranks
from forge_core.training.fit_setup import FitSetup
from forge_core.training.reporting import Reporter
from forge_core.training.results import FitResult
from forge_core.training.resume_state import TrainingState


def fit_usable(
    setup: FitSetup,
    reporter: Reporter,
    *,
    resume: bool = False,
    ranks: Ranks = ALONE,
    on_plan: Callable[[ComputePlan], None] = lambda plan: None,
) -> FitResult:
    """Train a network on the images of a run that can be used; see `loop.fit`.

    Images that are not decoded yet are decoded while the first epoch trains. Where one of them
    cannot be used, all are decoded and the run begins again without it, so that a cold pack and
    a full one give the same run.

    Args:
        setup: All that decides what is learned.
        reporter: Told of everything; may ask to stop.
        resume: Go on after the last step that was saved.
        ranks: The processes of `ranks.init_process_group` that train together; all call this alike.
            The batches are those of one process. Batch normalisation sees a share of them, but on
            CUDA; and each draws its own dropout, so that only a run without it is resumed exactly.
        on_plan: Told how the run computes, before its first step.

    Raises:
        ImageRejected: A file that was usable has gone since.
        InvalidInput: What can be used does not suffice, or the run to resume was another one.
        WeightsUnavailable: Pretrained weights are wanted and cannot be had.
        TrainingFailed: The numbers are no longer finite, or the memory does not suffice.
    """
    with fit_context.opened(setup, reporter, ranks) as everything:
        context = everything
        try:
            if resume or not ranks.is_alone:  # what was left out before must be left out now
                rejected = ranks.on_rank_zero(lambda: everything.decode_all(reporter))
                context = everything.without(rejected)
                resume = resume and results.can_go_on(context, everything)
            try:
                return loop.fit(context, resume=resume, on_plan=on_plan)
            except ImageRejected as error:
                if context.all_decoded:
                    raise
                words = f"{error.message} All images are decoded before the start now."
                context.reporter.on_message(words)
            context = everything.without(everything.decode_all(reporter))
            return loop.fit(context, on_plan=on_plan)
        except Cancelled:
            return results.make_result(context, TrainingState(), stopped=True)
