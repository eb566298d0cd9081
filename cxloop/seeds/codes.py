"""The policy `codes` of the demo group: its trees, lists and reason codes in both languages, from config/demo."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

CONFIG = Path(__file__).resolve().parents[2] / "config"

Item = dict[str, Any]

# Whose consent parking a task needs, by the word the demo group's list uses.
APPROVERS = {"中心负责人": "center_manager", "单位主管": "unit_lead", "分管领导": "leader"}
GRADES = (
    "urgency",
    "outcome",
    "measure_kind",
    "verdict",
    "verify_method",
    "callback_result",
    "dissatisfied_why",
    "supervision",
    "liability",
)


@cache
def demo(name: str) -> dict[str, Any]:
    """Read one block of the demo material, config/demo/<name>.yaml, once; it is read by all and changed by nobody."""
    loaded: dict[str, Any] = yaml.safe_load((CONFIG / "demo" / f"{name}.yaml").read_text(encoding="utf-8"))
    return loaded


def codes() -> dict[str, list[Item]]:
    """Give the body of the policy `codes`: each list by name, its items with code, zh and en, in the order shown.

    Trees (category, touchpoint, cause) are flat lists whose items name their `parent`, null at the top. More per list:
    category `wait_days` (natural days, leaves only); channel `severity` (of an issue opened from it); severity `when`;
    reasons `needs`, decline `proposed_unit`, pause `max_days` (working days), unresolvable `review_days` and `approve`.
    """
    english, more = demo("english"), demo("additions")
    lists = {
        "category": list(_tree(demo("categories")["categories"], english["category"])),
        "touchpoint": list(_tree(_stages(), english["touchpoint"])),
        "channel": list(_flat(demo("channels")["channels"], english["channel"])),
        "product": list(_flat(demo("channels")["products"], english["product"])),
        "severity": list(_severities(english["severity"])),
        "cause": list(_tree(demo("root_causes")["root_causes"], english["cause"])),
    }
    grades = demo("grades")
    lists |= {name: list(_flat(grades[name], english[name])) for name in GRADES}
    lists |= {f"reason.{act}": list(_reasons(rows, english[f"reason.{act}"])) for act, rows in demo("reasons").items()}
    lists |= {f"reason.{act}": [{"code": c, **row} for c, row in rows.items()] for act, rows in more["reasons"].items()}
    for item in lists["category"]:
        if item["parent"] is not None:
            item["wait_days"] = more["wait_days"][item["code"]]
    for item in lists["channel"]:
        item["severity"] = more["channel_severity"].get(item["code"], more["channel_severity"]["default"])
    return lists


def _stages() -> dict[str, Any]:
    return {
        stage["code"]: {"name": stage["name"], "children": stage["touchpoints"]} for stage in demo("journey")["journey"]
    }


def _tree(rows: Mapping[str, Any], english: Mapping[str, str]) -> Iterator[Item]:
    for code, row in rows.items():
        yield {"code": code, "parent": None, "zh": row["name"], "en": english[code]}
        for child, name in row["children"].items():
            yield {"code": child, "parent": code, "zh": name, "en": english[child]}


def _flat(rows: Mapping[str, str], english: Mapping[str, str]) -> Iterator[Item]:
    for code, name in rows.items():
        yield {"code": code, "zh": name, "en": english[code]}


def _severities(english: Mapping[str, Mapping[str, str]]) -> Iterator[Item]:
    for number, row in demo("grades")["severity"].items():
        code = str(number)
        names = {"zh": row["name"], "en": english[code]["name"]}
        yield {"code": code, **names, "when": row["when"], "when_en": english[code]["when"]}


def _reasons(rows: Mapping[str, Any], english: Mapping[str, Mapping[str, str]]) -> Iterator[Item]:
    for code, row in rows.items():
        item: Item = {"code": code, "zh": row["name"], "en": english[code]["name"]}
        if "needs" in row:
            item |= {"needs": row["needs"], "needs_en": english[code]["needs"]}
        item |= {key: row[key] for key in ("proposed_unit", "max_days", "review_days") if key in row}
        if "approve" in row:
            item["approve"] = APPROVERS[row["approve"]]
        yield item
