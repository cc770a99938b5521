"""What the last full epoch answered on validation. Without torch: pages read it."""

import json
from dataclasses import asdict, dataclass
from typing import Self

from forge_core.evaluation.report import EvaluationReport


@dataclass(frozen=True, kw_only=True)
class WorstMistake:
    """A validation image of which the network was sure, and wrong."""

    source: str
    """Path of the image in the catalog."""
    label: int
    """Its class, as a place among the network's outputs."""
    answered: int
    """What it was taken for."""
    probability: float
    """Of that answer, 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class LastValidation:
    """Metrics of an epoch on validation, and the mistakes that it was surest of."""

    epoch: int
    """From 1."""
    report: EvaluationReport
    mistakes: tuple[WorstMistake, ...]
    """Surest first."""

    def to_json(self) -> str:
        """One line of JSON."""
        values = {"epoch": self.epoch, "report": self.report.to_dict()}
        return json.dumps({**values, "mistakes": [asdict(each) for each in self.mistakes]})

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """What `to_json` wrote.

        Raises:
            InvalidInput: The report was written by a version with another schema.
        """
        values = json.loads(text)
        return cls(
            epoch=values["epoch"],
            report=EvaluationReport.from_dict(values["report"]),
            mistakes=tuple(WorstMistake(**each) for each in values["mistakes"]),
        )
