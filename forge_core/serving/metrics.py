"""What is counted and measured, for `GET /metrics`."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from forge_core.serving.engines import ServedModel

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The numbers of one service, apart from those of any other in the same process."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        ProcessCollector(registry=registry)
        self.requests = Counter(
            "forge_requests", "Requests answered", ("route", "status"), registry=registry
        )
        self.request_seconds = Histogram(
            "forge_request_seconds",
            "From the header of a request to its answer",
            ("route",),
            registry=registry,
            buckets=_SECONDS,
        )
        self.images = Counter(
            "forge_images",
            "Images by outcome: a decision, predicted, or why they were rejected",
            ("outcome",),
            registry=registry,
        )
        self.waiting_images = Gauge(
            "forge_waiting_images", "Images that wait for their answer", registry=registry
        )
        self.held_bytes = Gauge(
            "forge_held_bytes", "Bytes of bodies received or worked on", registry=registry
        )
        self.batch_images = Histogram(
            "forge_batch_images",
            "Images that the network was given together",
            registry=registry,
            buckets=(1, 2, 4, 8, 16, 32),
        )
        self.decode_seconds = Histogram(
            "forge_decode_seconds", "To decode one file", registry=registry, buckets=_SECONDS
        )
        self.compute_seconds = Histogram(
            "forge_compute_seconds", "Of one forward pass", registry=registry, buckets=_SECONDS
        )
        self.golden_passed = Gauge(
            "forge_golden_passed",
            "1 while the golden predictions hold here, else 0",
            registry=registry,
        )
        self.golden_difference = Gauge(
            "forge_golden_relative_difference",
            "Largest difference of a golden logit at the last replay",
            registry=registry,
        )
        self.swaps = Counter(
            "forge_model_swaps", "Checkpoints taken into use", ("result",), registry=registry
        )
        self.shadow_images = Counter(
            "forge_shadow_images",
            "Images that the shadow saw: agrees, disagrees, dropped or failed",
            ("result",),
            registry=registry,
        )
        self.traffic_rows = Counter(
            "forge_traffic_rows",
            "Answers for the log of traffic: written, dropped (too many waited) or failed (the "
            "disk did not take them)",
            ("result",),
            registry=registry,
        )
        self.traffic_log_bytes = Gauge(
            "forge_traffic_log_bytes", "Bytes of the log of traffic", registry=registry
        )
        self._model = Gauge(
            "forge_model_info",
            "The checkpoint in use",
            ("sha256", "architecture", "run", "revision"),
            registry=registry,
        )

    def tell_model(self, served: ServedModel) -> None:
        """Name the checkpoint that answers from now on."""
        self._model.clear()
        self._model.labels(
            served.sha256,
            served.card.get("architecture", ""),
            str(served.card.get("run_id") or ""),
            str(served.card.get("revision_id") or ""),
        ).set(1)
        self.golden_passed.set(served.golden.passed)
        self.golden_difference.set(served.golden.max_relative_difference)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)
