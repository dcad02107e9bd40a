"""``make rehearse``: deploy as ops do, onto an AWS on loopback, and run the main job there."""

import os
import sys
import time

from infra.rehearsal import deployment, ministack

PATIENCE = 30.0


def main() -> int:
    """Every step, timed; a failing one ends the rehearsal with its reason."""
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"[rehearsal {time.monotonic() - began:6.1f} s] {text}", flush=True)

    ministack.HOME.mkdir(exist_ok=True)
    say("installing MiniStack into its own environment")
    python = ministack.install()
    say("starting MiniStack on 127.0.0.1")
    with ministack.running(python) as endpoint:
        os.environ.update(ministack.environment(endpoint))
        say("packaging with chalice")
        template = deployment.package()
        say("creating the stack")
        outputs = deployment.deploy(template)
        port = endpoint.rsplit(":", 1)[1]
        host = f"{outputs['RestAPIId']}.execute-api.localhost:{port}"
        say(f"deployed; running the main job at {host}/api")
        from infra.main_job import run  # after the environment is set

        run(f"{endpoint}/api", PATIENCE, say, host)
    say("done; everything that was started is stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
