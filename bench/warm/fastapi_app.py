"""The comparator on FastAPI + Mangum: models, a token dependency, three routes."""

# mypy: disable-error-code="import-not-found,misc,untyped-decorator"

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException
from mangum import Mangum
from pydantic import BaseModel

from bench.warm import service

app = FastAPI(title="Bench")


class Project(BaseModel):
    """A project as the API shows it."""

    id: str
    code: str
    name: str
    status: str
    currency: str
    timezone: str
    start_date: str | None
    finish_date: str | None
    created_at: str
    updated_at: str


class Page(BaseModel):
    """A page of projects."""

    count: int
    results: list[Project]


class NewOperative(BaseModel):
    """What an operative begins with."""

    name: str


class Operative(NewOperative):
    """An operative."""

    id: str
    active: bool
    created_at: str
    updated_at: str


def company(authorization: Annotated[str, Header()]) -> str:
    """The company of the bearer token."""
    try:
        return service.authenticate(authorization.removeprefix("Bearer "))
    except service.Unknown:
        raise HTTPException(401, "Unknown token") from None


Company = Annotated[str, Depends(company)]


@app.get("/api/v1/projects")
def list_projects(company: Company) -> Page:
    """The first page."""
    count, rows = service.projects(company)
    return Page(count=count, results=[Project(**row) for row in rows])


@app.get("/api/v1/projects/{id}")
def read_project(company: Company, id: str) -> Project:
    """One project."""
    return Project(**service.project(company, id))


@app.post("/api/v1/operatives", status_code=201)
def create_operative(company: Company, body: NewOperative, idempotency_key: Annotated[str, Header()]) -> Operative:
    """A new operative."""
    made: dict[str, Any] = service.new_operative(company, body.name, idempotency_key)
    return Operative(**made)


handler = Mangum(app, lifespan="off")

if __name__ == "__main__":
    from bench.warm.loop import main

    main(handler)
