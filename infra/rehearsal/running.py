"""A deployment on an AWS on loopback, for as long as a block lasts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from infra.rehearsal import deployment, ministack


@contextmanager
def deployed(say: Callable[[str], None]) -> Iterator[tuple[str, str]]:
    """The base URL and the host name that the deployed API is reached by; the functions' logs are kept at the end."""
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
        try:
            yield f"{endpoint}/api", f"{outputs['RestAPIId']}.execute-api.localhost:{port}"
        finally:
            logs = ministack.HOME / "functions.log"
            logs.write_text(deployment.function_logs())
            say(f"what the functions wrote is in {logs}")
