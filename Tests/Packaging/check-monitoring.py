#!/usr/bin/env python3
"""Checks the alert rules and the Grafana dashboard of deploy/monitoring with promtool (Debian: prometheus).

    Tests/Packaging/check-monitoring.py [METRICS]

With METRICS, a page of a running daemon (a file, or a URL such as http://127.0.0.1:8501/metrics), every metric that a rule or a panel
names must have a TYPE line there.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.request

import yaml

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "monitoring"
VARIABLES = {"$__rate_interval": "5m", "$instance": ".*", "$model": ".*"}


def dashboard_expressions():
    dashboard = json.loads((FOLDER / "grafana.json").read_text())
    identifiers = [panel["id"] for panel in dashboard["panels"]]
    assert len(identifiers) == len(set(identifiers)), "two panels have the same id"
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"]
            for name, value in VARIABLES.items():
                expression = expression.replace(name, value)
            assert "$" not in expression, f'{panel["title"]}: an unknown variable in {expression}'
            yield panel["title"], expression


def rule_expressions():
    for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]


def promtool(*arguments):
    subprocess.run(["promtool", *map(str, arguments)], check=True)


def main():
    promtool("check", "rules", FOLDER / "alerts.yaml")
    promtool("test", "rules", FOLDER / "alerts.test.yaml")
    panels = list(dashboard_expressions())
    rules = [{"record": f"panel:{index}", "expr": expression} for index, (_, expression) in enumerate(panels)]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
        file.flush()
        promtool("check", "rules", file.name)
    if len(sys.argv) < 2:
        return 0
    source = sys.argv[1]
    page = urllib.request.urlopen(source).read().decode() if "://" in source else pathlib.Path(source).read_text()
    offered = set(re.findall(r"^# TYPE (\S+)", page, re.M))
    missing = False
    for title, expression in panels + list(rule_expressions()):
        for name in set(re.findall(r"\b((?:apus|process)_\w+)", expression)):
            if name not in offered and re.sub(r"_(bucket|sum|count)$", "", name) not in offered:
                missing = True
                print(f"{title}: the daemon offers no {name}", file=sys.stderr)
    print(f"{len(offered)} metrics are offered; every one that is named is among them" if not missing else "some are missing")
    return 1 if missing else 0


sys.exit(main())
