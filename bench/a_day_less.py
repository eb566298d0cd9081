"""`python -m bench.a_day_less`: the demo's history under the default policy and under one with a day less.

Every target of two working days or more has one less; targets in hours or of one day stay. Prints both breach tables
side by side, by `flask replay --policy` itself. `--json FILE` and `--out DIR` are that command's.
"""

import copy
import json
import sys
import tempfile
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from cxloop.app import create_app
from cxloop.cli.seed import LAST_DAY, demo_lines
from cxloop.domain.policy_parts import TARGET_KEYS
from cxloop.domain.targets import Target
from cxloop.settings import CONFIG


def default_policy() -> dict[str, Any]:
    """The default policy's body."""
    body = tomllib.loads((CONFIG / "policies" / "sla.toml").read_text(encoding="utf-8"))
    del body["code"]
    return body


def a_day_less(body: dict[str, Any]) -> dict[str, Any]:
    """The same policy with a day less wherever two working days or more were given."""
    less = copy.deepcopy(body)
    for row in less["severity"].values():
        for key in TARGET_KEYS:
            target = Target.parse(row[key])
            if target.unit == "days" and target.amount >= 2:
                row[key] = str(Target("days", target.amount - 1))
    return less


def main() -> None:
    """Write both files and replay."""
    with tempfile.TemporaryDirectory(prefix="cxbench-") as folder:
        history, policy = Path(folder) / "demo.jsonl", Path(folder) / "a_day_less.json"
        lines = demo_lines(until=date.fromisoformat(LAST_DAY))
        history.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
        policy.write_text(json.dumps(a_day_less(default_policy()), ensure_ascii=False), encoding="utf-8")
        app = create_app("testing", {"CXLOOP_DATA_DIR": folder})
        words = ["replay", str(history), "--policy", str(policy), "--until", f"{LAST_DAY}T23:59:59+08:00"]
        app.cli.main([*words, *sys.argv[1:]], prog_name="flask")


if __name__ == "__main__":
    main()
