"""The comparator on FastAPI + Mangum + boto3: the app one would write, kept small.

One Lambda module: models, a token dependency, the route, the handler. Runs in an environment of
its own, so the type checker of this project does not see its packages.
"""

# mypy: disable-error-code="import-not-found,misc,untyped-decorator"

from bench.cold.stopwatch import stop  # first: starts the clock

# isort: split
import hashlib
import hmac
import os
from typing import Annotated, Any

import boto3
from fastapi import Depends, FastAPI, Header, HTTPException, Query
from mangum import Mangum
from pydantic import BaseModel

app = FastAPI(title="Projects")
dynamodb = boto3.client("dynamodb")


class Project(BaseModel):
    """A project as the API shows it."""

    id: str
    name: str
    status: str
    budget_hours: float
    created_at: str


class Page(BaseModel):
    """One page of projects."""

    items: list[Project]
    next: str | None = None


def company(authorization: Annotated[str, Header()]) -> str:
    """The company of the bearer token; one read of the token's row."""
    token = authorization.removeprefix("Bearer ")
    row = dynamodb.get_item(
        TableName=os.environ["TOKENS_TABLE"],
        Key={"id": {"S": token.partition(".")[0]}},
        ConsistentRead=True,
    ).get("Item")
    digest = hashlib.sha256(token.encode()).hexdigest()
    if row is None or not hmac.compare_digest(row["digest"]["S"], digest):
        raise HTTPException(401, "Unknown token")
    return str(row["company"]["S"])


def project(row: dict[str, Any]) -> Project:
    """A table row as a project."""
    return Project(
        id=row["id"]["S"],
        name=row["name"]["S"],
        status=row["status"]["S"],
        budget_hours=float(row["budget_hours"]["N"]),
        created_at=row["created_at"]["S"],
    )


@app.get("/api/v1/projects")
def list_projects(
    company: Annotated[str, Depends(company)],
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    after: str | None = None,
) -> Page:
    """One page of the company's projects."""
    request: dict[str, Any] = {
        "TableName": os.environ["PROJECTS_TABLE"],
        "KeyConditionExpression": "company = :company",
        "ExpressionAttributeValues": {":company": {"S": company}},
        "Limit": limit,
    }
    if after:
        request["ExclusiveStartKey"] = {"company": {"S": company}, "id": {"S": after}}
    answer = dynamodb.query(**request)
    last = answer.get("LastEvaluatedKey")
    rows = [project(row) for row in answer["Items"]]
    return Page(items=rows, next=last["id"]["S"] if last else None)


handler = Mangum(app, lifespan="off")

if __name__ == "__main__":
    from bench.cold import gateway

    event = gateway.list_projects(os.environ["BENCH_TOKEN"])
    answer = handler(event, gateway.LambdaContext())
    stop(answer["statusCode"], answer["body"])
