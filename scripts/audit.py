"""Known vulnerabilities in what uv.lock names; those accepted stand in `.ci/audit-ignore.txt`.

A finding fails. That the service cannot be asked from here does not, but is said plainly.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
IGNORED = ROOT / ".ci" / "audit-ignore.txt"
# In an environment of its own: beside Rasa's pins only an old one fits.
TOOL = "pip-audit>=2.9,<3"
SERVICES = ("pypi", "osv")
_LINE = re.compile(r"(?P<id>[\w-]+)\s+(?P<date>\d{4}-\d\d-\d\d)\s+(?P<package>\S+)\s+(?P<why>.+)")
_OFFLINE = re.compile(r"connect|resol|timed? ?out|unreachable|HTTPError|ServiceError|network|"
                      r"Failed to fetch|offline|Max retries", re.IGNORECASE)


class Unreachable(Exception):
    """The audit's service, or the index that has the audit's program, does not answer."""


def main() -> int:
    """Prints the findings. Returns 1 if there are any that are not accepted."""
    accepted = accepted_findings(IGNORED.read_text(encoding="utf-8"))
    reasons = []
    for service in SERVICES:
        try:
            return report(ask(service), accepted)
        except Unreachable as error:
            reasons.append(f"{service}: {error}")
    print("audit: NOT DONE, no vulnerability service can be reached from this machine "
          "(which is no failure by itself):")
    for reason in reasons:
        print(f"  {reason}")
    return 0


def accepted_findings(text: str) -> dict[str, str]:
    """The accepted ids with their packages. A line without date or reason ends the program."""
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if not match:
            sys.exit(f"{IGNORED.name}:{number}: a line is: id, date, package, why")
        dt.date.fromisoformat(match["date"])
        found[match["id"]] = match["package"]
    return found


def ask(service: str) -> list[dict[str, Any]]:
    """pip-audit's answer, a dictionary a package. Raises Unreachable."""
    uv = _output("scripts/find-uv.sh")
    python = _output("scripts/find-python.sh", uv)
    locked = _output(uv, "export", "--quiet", "--frozen", "--all-groups", "--no-emit-project",
                     "--no-hashes")
    wanted = ROOT / "build" / "audit-requirements.txt"
    wanted.parent.mkdir(exist_ok=True)
    wanted.write_text(locked + "\n", encoding="utf-8")
    done = subprocess.run(
        [uv, "tool", "run", "--quiet", "--python", python, "--from", TOOL, "pip-audit",
         "--requirement", str(wanted), "--no-deps", "--disable-pip", "--format", "json",
         "--progress-spinner", "off", "--timeout", "20", "--vulnerability-service", service],
        cwd=ROOT, capture_output=True, text=True, timeout=600)
    try:
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        if _OFFLINE.search(done.stderr):
            raise Unreachable(said[-1][:200]) from None
        sys.exit(f"audit: pip-audit failed: {done.stderr.strip()[-2000:]}")
    if packages and all("skip_reason" in package for package in packages):
        raise Unreachable(f"knows none of {len(packages)} packages "
                          f"({packages[0]['skip_reason'][:120]})")
    return packages


def report(packages: list[dict[str, Any]], accepted: dict[str, str]) -> int:
    """Prints what was found and not accepted, and what was accepted and not found."""
    findings, met = [], set()
    for package in packages:
        for finding in package.get("vulns", []):
            ids = {finding["id"], *finding.get("aliases", [])}
            known = {i for i in ids if accepted.get(i) == package["name"]}
            met |= known
            if not known:
                fixed = ", ".join(finding.get("fix_versions", [])) or "no version"
                findings.append(f"{package['name']} {package['version']}: {finding['id']} "
                                f"({', '.join(sorted(ids - {finding['id']}))}), fixed in {fixed}")
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    print(f"audit: {len(packages) - len(skipped)} packages looked up, "
          f"{len(met)} accepted findings, {len(findings)} others")
    if skipped:
        print(f"audit: not known to the service: {', '.join(skipped)}")
    for name in sorted(set(accepted) - met):
        print(f"audit: {IGNORED.name} accepts {name}, which is no longer found; remove the line")
    for line in findings:
        print(f"audit: {line}", file=sys.stderr)
    return 1 if findings else 0


def _output(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
