"""Modules joined to one script: what it does, and what it refuses to join."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from forge_core.api.routes import routes
from pages.components.gallery import gallery
from pages.components.javascript import bundle, scripts
from pages.components.live_chart import live_chart
from tests.pages.node import find_node

MODULES = {
    "entry.js": """
import { Counter, STEP as step } from "./parts/counter.js";
import {
  describe,
  NAMES,
} from "./parts/words.js";

const hidden = "entry";

export default function () {
  const counter = new Counter();
  counter.add();
  return [describe(counter.total), step, hidden, NAMES.join()];
}
""",
    "parts/counter.js": """
import { describe } from "./words.js";

const hidden = 10; // every module has a scope of its own
export const STEP = hidden * 2;

export class Counter {
  total = 0;
  add() {
    this.total += STEP;
    return describe(this.total);
  }
}
""",
    "parts/words.js": """
const hidden = "=";

export const NAMES = ["$1", "\\\\n"]; // nothing that a replacement would change
export function describe(number) {
  return `total ${hidden} ${number}`;
}
""",
}


def write(folder: Path, modules: dict[str, str]) -> Path:
    for name, source in modules.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return folder / "entry.js"


def test_join__does_what_the_modules_do(tmp_path: Path) -> None:
    write(tmp_path, MODULES | {"package.json": '{"type": "module"}'})
    joined = bundle.join(tmp_path / "entry.js", tmp_path)
    (tmp_path / "joined.js").write_text(joined, encoding="utf-8")
    (tmp_path / "both.js").write_text(
        'import apart from "./entry.js"; import joined from "./joined.js";'
        "console.log(JSON.stringify([apart(), joined()]));",
        encoding="utf-8",
    )
    node = subprocess.run(
        [find_node(), tmp_path / "both.js"], capture_output=True, text=True, check=True
    )
    apart, together = json.loads(node.stdout)
    assert apart == together == ["total = 20", 20, "entry", "$1,\\n"]


def test_join__takes_a_module_once_and_before_those_that_need_it(tmp_path: Path) -> None:
    joined = bundle.join(write(tmp_path, MODULES), tmp_path)
    order = [joined.index(line) for line in ("function describe", "class Counter", "default")]
    assert order == sorted(order)
    assert joined.count("function describe") == 1


@pytest.mark.parametrize(
    ("modules", "words"),
    [
        (
            {
                "entry.js": 'import { a } from "./a.js";',
                "a.js": 'import { b } from "./b.js";\nexport const a = 1;',
                "b.js": 'import { a } from "./a.js";\nexport const b = 2;',
            },
            "in a circle: a.js -> b.js -> a.js",
        ),
        ({"entry.js": 'import { a } from "./entry.js";\nexport const a = 1;'}, "in a circle"),
        ({"entry.js": 'import { a } from "./missing.js";'}, "'./missing.js', which is no file"),
        ({"entry.js": 'import { a } from "lodash";'}, "'lodash', which is no file"),
        ({"entry.js": 'import { a } from "../outside.js";'}, "'../outside.js', which is no file"),
        (
            {"entry.js": 'import { a, b } from "./a.js";', "a.js": "export const a = 1;\nlet b;"},
            "entry.js imports b, which a.js does not export",
        ),
        ({"entry.js": 'import * as a from "./a.js";'}, "because of: import * as a"),
        ({"entry.js": 'import a from "./a.js";'}, "because of: import a"),
        ({"entry.js": 'import "./a.js";'}, "because of: import"),
        ({"entry.js": "export let a = 1;"}, "because of: export let a"),
        ({"entry.js": "const a = 1;\nexport { a };"}, "because of: export {"),
        (
            {"entry.js": 'import { a } from "./a.js";', "a.js": "export default function () {}"},
            "a.js cannot be joined because of: export default",
        ),
    ],
)
def test_join__refuses(tmp_path: Path, modules: dict[str, str], words: str) -> None:
    (tmp_path / "outside.js").write_text("export const a = 1;", encoding="utf-8")
    folder = tmp_path / "inside"
    with pytest.raises(bundle.InvalidModule) as refused:
        bundle.join(write(folder, modules), folder)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "entry", [gallery.HERE / "gallery.js", live_chart.HERE / "live_chart.js"], ids=lambda e: e.stem
)
def test_components__are_joined_from_all_their_files(entry: Path, tmp_path: Path) -> None:
    joined = bundle.join(entry)
    for path in entry.parent.rglob("*.js"):
        first_line = path.read_text(encoding="utf-8").splitlines()[0]
        assert joined.count(first_line) == 1, path.name
    script = tmp_path / "joined.mjs"
    script.write_text(joined, encoding="utf-8")
    subprocess.run([find_node(), "--check", script], check=True)


def test_a_component__is_declared_with_an_address_that_serves_its_script() -> None:
    entry = live_chart.HERE / "live_chart.js"
    declared = scripts.load(entry)
    assert len(declared) < 1_000
    (address,) = re.findall(r'"(/forge-api/scripts/[\w-]+\.js)"', declared)
    app = Starlette(routes=[*scripts.routes(), *routes(lambda: pytest.fail("no workspace"))])
    browser = TestClient(app)
    answer = browser.get(address)
    assert (answer.status_code, answer.text) == (200, bundle.join(entry))
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert browser.get(address.replace(".js", "0.js")).status_code == 404
