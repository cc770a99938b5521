"""The predictor: right answers, the same alone and in a batch, bad files isolated."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
import torch
from PIL import Image

from forge_core.errors import CheckpointRejected, ImageRejected, InvalidInput, NotFound
from forge_core.imaging.decode import DecodeLimits
from forge_core.inference.prediction import Prediction
from forge_core.inference.predictor import Predictor
from forge_core.models.checkpoints import checkpoint

MakePng = Callable[..., bytes]


@pytest.fixture
def predictor(checkpoint_path: Path) -> Predictor:
    return Predictor.load(checkpoint_path, "cpu")


def test_predict__names_the_class_and_sorts(predictor: Predictor, make_png: MakePng) -> None:
    prediction = predictor.predict(make_png("lime", (30, 20)))
    names = [entry.label_name for entry in prediction.probabilities]
    values = [entry.probability for entry in prediction.probabilities]
    assert names[0] == "green"
    assert set(names) == {"red", "green", "blue"}
    assert values == sorted(values, reverse=True)
    assert sum(values) == pytest.approx(1, abs=1e-6)
    assert (prediction.width, prediction.height) == (30, 20)
    assert prediction.latency_ms > 0


def test_predict__names_only_the_top_classes(predictor: Predictor, make_png: MakePng) -> None:
    assert len(predictor.predict(make_png("red"), top_k=1).probabilities) == 1
    assert len(predictor.predict(make_png("red"), top_k=99).probabilities) == 3
    with pytest.raises(InvalidInput, match="0 classes"):
        predictor.predict(make_png("red"), top_k=0)


def test_predict__rejects_a_bad_image(predictor: Predictor) -> None:
    with pytest.raises(ImageRejected):
        predictor.predict(b"no image")


def test_predict__obeys_the_limits(predictor: Predictor, make_png: MakePng) -> None:
    with pytest.raises(ImageRejected) as caught:
        predictor.predict(make_png("red", (100, 100)), limits=DecodeLimits(max_pixels=9_999))
    assert caught.value.reason == "too_many_pixels"


def test_predict__applies_the_exif_orientation(predictor: Predictor) -> None:
    buffer = BytesIO()
    image = Image.new("RGB", (40, 20), "blue")
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(buffer, "JPEG", exif=exif)
    prediction = predictor.predict(buffer.getvalue())
    assert (prediction.width, prediction.height) == (20, 40)
    assert prediction.probabilities[0].label_name == "blue"


def test_predict_many__isolates_bad_files(predictor: Predictor, make_png: MakePng) -> None:
    colors = {"red": "red", "lime": "green", "blue": "blue"}
    files: list[bytes] = []
    expected: list[str | None] = []
    for place in range(70):  # more than two batches
        color = list(colors)[place % 3]
        bad = place % 7 == 0
        files.append(b"broken" if bad else make_png(color))
        expected.append(None if bad else colors[color])
    answers = predictor.predict_many(files)
    found = [
        answer.probabilities[0].label_name if isinstance(answer, Prediction) else None
        for answer in answers
    ]
    assert found == expected
    assert isinstance(answers[0], ImageRejected)


def test_predict_many__only_bad_files_and_none(predictor: Predictor) -> None:
    (answer,) = predictor.predict_many([b""])
    assert isinstance(answer, ImageRejected)
    assert answer.reason == "empty"
    assert predictor.predict_many([]) == []


def test_logits__do_not_depend_on_the_batch(predictor: Predictor) -> None:
    images = [Image.effect_noise((20 + place, 30), 90).convert("RGB") for place in range(40)]
    together = predictor.logits(images)
    apart = torch.cat([predictor.logits([image]) for image in images])
    assert together.shape == (40, 3)
    assert together.dtype == torch.float32
    torch.testing.assert_close(together, apart, rtol=1e-5, atol=1e-5)
    assert predictor.logits([]).shape == (0, 3)


def test_logits__are_those_of_the_network_behind_its_eval_transform(
    predictor: Predictor, checkpoint_path: Path
) -> None:
    loaded = checkpoint.load_checkpoint(checkpoint_path)
    image = Image.effect_noise((50, 37), 90).convert("RGB")
    with torch.inference_mode():
        expected = loaded.model(loaded.card.eval_transform(image)[None])
    torch.testing.assert_close(predictor.logits([image]), expected)


def test_load__refuses_unknown_devices_and_files(checkpoint_path: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cuda:99 was asked for"):
        Predictor.load(checkpoint_path, "cuda:99")
    with pytest.raises(InvalidInput, match="toaster was asked for"):
        Predictor.load(checkpoint_path, "toaster")
    with pytest.raises(NotFound):
        Predictor.load(tmp_path / "absent.safetensors")
    (tmp_path / "other.safetensors").write_bytes(b"pickle")
    with pytest.raises(CheckpointRejected):
        Predictor.load(tmp_path / "other.safetensors")


def test_load__auto_takes_what_is_there(checkpoint_path: Path) -> None:
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert Predictor.load(checkpoint_path).device.type == expected


@pytest.mark.filterwarnings("ignore:.*:UserWarning:PIL")
def test_predict__every_broken_real_file_is_answered(
    predictor: Predictor, shared_data: Callable[[str], Path]
) -> None:
    folder = shared_data("bad_inputs/pillow_small_dev")
    files = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()][::10]
    answers = predictor.predict_many(files)
    assert len(answers) == len(files) > 10
    for answer in answers:
        assert isinstance(answer, (Prediction, ImageRejected))
        if isinstance(answer, Prediction):
            assert sum(entry.probability for entry in answer.probabilities) == pytest.approx(1)
