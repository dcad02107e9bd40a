"""``make rehearse``: deploy as ops do, onto an AWS on loopback, and run the main job there."""

import sys

from infra.gates import saying, unwind_when_stopped
from infra.rehearsal import deployment, ministack

PATIENCE = 120.0


def main() -> int:
    """Every step, timed; a failing one ends the rehearsal with its reason."""
    say = saying("rehearsal")
    unwind_when_stopped()
    ministack.HOME.mkdir(exist_ok=True)
    say("installing MiniStack into its own environment")
    python = ministack.install()
    say("starting MiniStack on 127.0.0.1")
    with ministack.running(python) as endpoint:
        ministack.point_here(endpoint)
        say("packaging with chalice")
        template = deployment.package()
        say("creating the stack")
        outputs = deployment.deploy(template)
        port = endpoint.rsplit(":", 1)[1]
        host = f"{outputs['RestAPIId']}.execute-api.localhost:{port}"
        say(f"deployed; running the main job at {host}/api")
        from infra import main_job  # after the environment is set
        from infra.rehearsal import shift_start

        try:
            main_job.run(f"{endpoint}/api", PATIENCE, say, host)
            say("running a shift start of many devices")
            shift_start.run(f"{endpoint}/api", say, host)
        finally:
            logs = ministack.HOME / "functions.log"
            logs.write_text(deployment.function_logs())
            say(f"what the functions wrote is in {logs}")
    say("done; everything that was started is stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
