"""The list of projects: token, query, serializer, view."""

# mypy: disable-error-code="import-not-found,misc"

import hashlib
import hmac
import os
from typing import Any

import boto3
from rest_framework import authentication, exceptions, permissions, serializers, views
from rest_framework.request import Request
from rest_framework.response import Response

dynamodb = boto3.client("dynamodb")


class TokenAuthentication(authentication.BaseAuthentication):
    """The company of the bearer token; one read of the token's row."""

    def authenticate(self, request: Request) -> tuple[str, None]:
        """The company as the user, or 401."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        row = dynamodb.get_item(
            TableName=os.environ["TOKENS_TABLE"],
            Key={"id": {"S": token.partition(".")[0]}},
            ConsistentRead=True,
        ).get("Item")
        digest = hashlib.sha256(token.encode()).hexdigest()
        if row is None or not hmac.compare_digest(row["digest"]["S"], digest):
            raise exceptions.AuthenticationFailed("Unknown token")
        return row["company"]["S"], None

    def authenticate_header(self, request: Request) -> str:
        """Makes a refusal a 401 instead of a 403."""
        return "Bearer"


class HasCompany(permissions.BasePermission):
    """Only requests with a company."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the token named a company."""
        return bool(request.user)


class PageQuery(serializers.Serializer):
    """The query string of a list."""

    limit = serializers.IntegerField(min_value=1, max_value=100, default=50)
    after = serializers.CharField(required=False)


class ProjectSerializer(serializers.Serializer):
    """A project as the API shows it."""

    id = serializers.CharField()
    name = serializers.CharField()
    status = serializers.CharField()
    budget_hours = serializers.FloatField()
    created_at = serializers.CharField()


class ProjectList(views.APIView):
    """One page of the company's projects."""

    authentication_classes = (TokenAuthentication,)
    permission_classes = (HasCompany,)

    def get(self, request: Request) -> Response:
        """The page after the given project, or the first."""
        query = PageQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        answer = page(request.user, **query.validated_data)
        rows = [{name: next(iter(v.values())) for name, v in row.items()} for row in answer["Items"]]
        last = answer.get("LastEvaluatedKey")
        items = ProjectSerializer(rows, many=True).data
        return Response({"items": items, "next": last["id"]["S"] if last else None})


def page(company: str, limit: int, after: str | None = None) -> Any:
    """One query of the table."""
    request: dict[str, Any] = {
        "TableName": os.environ["PROJECTS_TABLE"],
        "KeyConditionExpression": "company = :company",
        "ExpressionAttributeValues": {":company": {"S": company}},
        "Limit": limit,
    }
    if after:
        request["ExclusiveStartKey"] = {"company": {"S": company}, "id": {"S": after}}
    return dynamodb.query(**request)
