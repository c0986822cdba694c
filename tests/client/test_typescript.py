"""The TypeScript client, built and run against the service."""

import shutil
import subprocess
from pathlib import Path

import pytest

from copydesk.model.analyzer import Analyzer
from copydesk.service.http.app import make_app
from copydesk.service.settings import Settings
from support.served import serve_app
from support.tiny import LABELS, ROOT

FOLDER = ROOT / "client" / "typescript"
NODE = shutil.which("node")
PROGRAM = """
import { createClient, isFailure } from "./dist/index.js";
let n = 0;
const stumble = (request) => {
  n += 1;
  if (n === 1) throw new TypeError("fetch failed");
  if (n === 2) return new Response("{}", { status: 503, headers: { "Retry-After": "0" } });
  return fetch(request);
};
const client = createClient(process.argv[2], { key: "k", fetch: stumble });
const { data } = await client.POST("/v1/analyze", { body: { documents: [{ text: "It rains." }, { text: "" }] } });
const [first, second] = data.results;
console.log(n, first.tags.map((tag) => tag.label), isFailure(second) && second.error.code);
const refused = await client.POST("/v1/analyze", { body: { documents: [] } });
console.log(refused.response.status, refused.error.title);
"""


@pytest.mark.skipif(NODE is None or not (FOLDER / "node_modules").is_dir(), reason="needs node, and npm ci there")
def test_a_refusal_and_a_lost_connection_are_outlasted_and_the_answer_is_typed(
    tmp_path: Path, analyzer: Analyzer
) -> None:
    assert NODE is not None
    compiler = FOLDER / "node_modules" / ".bin" / "tsc"
    subprocess.run(
        [str(compiler), "--project", str(FOLDER), "--outDir", str(tmp_path / "dist")], check=True, timeout=300
    )
    (tmp_path / "node_modules").symlink_to(FOLDER / "node_modules")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "program.js").write_text(PROGRAM)
    with serve_app(make_app(Settings(), lambda: analyzer)) as address:
        command = [NODE, str(tmp_path / "program.js"), address]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    labels = ", ".join(f"'{label}'" for label in LABELS)
    assert done.stdout == f"3 [ {labels} ] empty_text\n422 Unprocessable Entity\n"
