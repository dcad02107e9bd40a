"""Runs in the linters' own environment: reads policies from standard input, prints what parliament finds of them.

{"role": {policy document}, ...} in, {"role": ["finding", ...], ...} out.
"""

import json
import sys

from parliament import analyze_policy_string  # type: ignore[import-not-found]  # it is in that environment alone


def main() -> None:
    """Findings of each policy that has any."""
    found = {}
    for name, document in json.load(sys.stdin).items():
        analyzed = analyze_policy_string(json.dumps(document))
        if analyzed.findings:
            found[name] = [f"{each.issue} {json.dumps(each.location, sort_keys=True)}" for each in analyzed.findings]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
