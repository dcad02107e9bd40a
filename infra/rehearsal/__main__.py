"""``make rehearse``: deploy as ops do, onto an AWS on loopback, and run the main job there."""

import sys

from infra.gates import saying, unwind_when_stopped
from infra.rehearsal.running import deployed

PATIENCE = 120.0


def main() -> int:
    """Every step, timed; a failing one ends the rehearsal with its reason."""
    say = saying("rehearsal")
    unwind_when_stopped()
    with deployed(say) as (base_url, host):
        say(f"deployed; running the main job at {host}/api")
        from infra import main_job  # after the environment is set
        from infra.rehearsal import shift_start

        main_job.run(base_url, PATIENCE, say, host)
        say("running a shift start of many devices")
        shift_start.run(base_url, say, host)
    say("done; everything that was started is stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
