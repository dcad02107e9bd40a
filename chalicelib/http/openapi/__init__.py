"""The OpenAPI document of the service."""

from chalicelib.http.openapi.document import document
from chalicelib.http.openapi.operations import WHERE
from chalicelib.http.openapi.problems import codes

__all__ = ["WHERE", "codes", "document"]
