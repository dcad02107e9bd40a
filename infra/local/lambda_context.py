"""The context object Lambda hands to a function, for functions called on this machine."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

ACCOUNT = "123456789012"
REGION = "eu-west-1"


@dataclass
class LambdaContext:
    """What a handler may ask about its own run; the names are Lambda's.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """

    function_name: str
    timeout_seconds: float
    now: Callable[[], float] = time.monotonic
    memory_limit_in_mb: str = "512"
    function_version: str = "$LATEST"
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    identity: None = None
    client_context: None = None

    def __post_init__(self) -> None:
        self._deadline = self.now() + self.timeout_seconds

    @property
    def invoked_function_arn(self) -> str:
        """The function's name in full."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.function_name}"

    @property
    def log_group_name(self) -> str:
        """The log group the function would write to."""
        return f"/aws/lambda/{self.function_name}"

    @property
    def log_stream_name(self) -> str:
        """The log stream the function would write to."""
        return f"local/[{self.function_version}]{self.aws_request_id}"

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left before the run is cut off; never less than none."""
        return max(0, int((self._deadline - self.now()) * 1000))
