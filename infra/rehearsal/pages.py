"""The pages and Swagger UI through the deployed gateway, below its stage's path."""

import re
from collections.abc import Mapping

from infra.demo import SignedIn
from infra.main_job import Mismatch

SHOWN: Mapping[str, str] = {
    "/projects/": "EAC",
    "/projects/{project}/?levels=4": "</svg>",
    "/approvals/": "Days that wait for you",
    "/clock/": "Devices",
    "/people/": "Add somebody",
    "/settings/api/": "Generate token",
    "/api/docs/": "swagger-ui-bundle.js",
}
LINK = re.compile(r' (?:href|src|action)="(/[^"]*)"')


def opened(base_url: str, host: str, owner: Mapping[str, str], project: str) -> str:
    """Sign in as a browser does, open every page and every file that they load; what was opened.

    Raises:
        Mismatch: a page lacks what it is there for, or leads out of the stage's path.
    """
    visitor, files = SignedIn(base_url, owner["email"], owner["password"], host), set[str]()
    stage = "/" + base_url.rstrip("/").rpartition("/")[2]
    for path, words in SHOWN.items():
        text = visitor.page(path.format(project=project))
        if words not in text:
            raise Mismatch(f"{path} does not show {words!r}")
        outside = [link for link in LINK.findall(text) if not link.startswith(stage + "/")]
        if outside:
            raise Mismatch(f"{path} leads out of the stage: {outside[:3]}")
        files |= {link.removeprefix(stage) for link in LINK.findall(text) if "/assets/" in link}
    for path in sorted(files):
        if not visitor.page(path):
            raise Mismatch(f"{path} is empty")
    return f"{len(SHOWN)} pages, {len(files)} files"
