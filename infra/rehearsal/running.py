"""An AWS on loopback for as long as a block lasts, and the deployment of this release on it."""

from collections.abc import Iterator
from contextlib import contextmanager

from infra.gates import Say
from infra.rehearsal import deployment, ministack
from infra.rehearsal.runbook import Runbook


@contextmanager
def started(say: Say) -> Iterator[tuple[Runbook, str]]:
    """The runbook for a stack that is not there yet, and the endpoint; the functions' logs are kept at the end."""
    ministack.HOME.mkdir(exist_ok=True)
    say("installing MiniStack and the AWS command line into environments of their own")
    python = ministack.install()
    book = Runbook(STACK="wbsync-rehearsal", BUCKET="wbsync-rehearsal-code")
    say("starting MiniStack on 127.0.0.1")
    with ministack.running(python) as endpoint:
        ministack.point_here(endpoint)
        book.names["TEMPLATE_URL"] = f"{endpoint}/{book.names['BUCKET']}/template.yaml"
        book.run("The bucket")
        try:
            yield book, endpoint
        finally:
            logs = ministack.HOME / "functions.log"
            logs.write_text(deployment.function_logs())
            say(f"what the functions wrote is in {logs}")


def host_of(stack: str, endpoint: str) -> str:
    """The host name that a deployed API is reached by."""
    return f"{deployment.outputs(stack)['RestAPIId']}.execute-api.localhost:{endpoint.rsplit(':', 1)[1]}"


@contextmanager
def deployed(say: Say) -> Iterator[tuple[str, str]]:
    """The base URL and the host name of this release, deployed by the runbook's lines."""
    with started(say) as (book, endpoint):
        say("packaging, and creating the stack")
        book.run("Package")
        book.run("Stack")
        yield f"{endpoint}/api", host_of(book.names["STACK"], endpoint)
