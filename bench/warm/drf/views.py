"""The comparator on Django REST framework: authentication, serializers, three views."""

# mypy: disable-error-code="import-not-found,misc"

from typing import Any

from rest_framework import authentication, exceptions, permissions, serializers, views
from rest_framework.request import Request
from rest_framework.response import Response

from bench.warm import service


class TokenAuthentication(authentication.BaseAuthentication):
    """The company of the bearer token."""

    def authenticate(self, request: Request) -> tuple[str, None]:
        """The company as the user, or 401."""
        try:
            return service.authenticate(request.headers.get("Authorization", "").removeprefix("Bearer ")), None
        except service.Unknown:
            raise exceptions.AuthenticationFailed("Unknown token") from None

    def authenticate_header(self, request: Request) -> str:
        """Makes a refusal a 401 instead of a 403."""
        return "Bearer"


class HasCompany(permissions.BasePermission):
    """Only requests with a company."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the token named a company."""
        return bool(request.user)


class ProjectSerializer(serializers.Serializer):
    """A project as the API shows it."""

    id = serializers.CharField()
    code = serializers.CharField()
    name = serializers.CharField()
    status = serializers.CharField()
    currency = serializers.CharField()
    timezone = serializers.CharField()
    start_date = serializers.CharField(allow_null=True)
    finish_date = serializers.CharField(allow_null=True)
    created_at = serializers.CharField()
    updated_at = serializers.CharField()


class OperativeSerializer(serializers.Serializer):
    """An operative."""

    id = serializers.CharField(read_only=True)
    name = serializers.CharField(max_length=200)
    active = serializers.BooleanField(read_only=True)
    created_at = serializers.CharField(read_only=True)
    updated_at = serializers.CharField(read_only=True)


class Guarded(views.APIView):
    """A view for callers with a token."""

    authentication_classes = (TokenAuthentication,)
    permission_classes = (HasCompany,)


class ProjectList(Guarded):
    """The first page of projects."""

    def get(self, request: Request) -> Response:
        """Fifty projects, and how many there are."""
        count, rows = service.projects(request.user)
        return Response({"count": count, "results": ProjectSerializer(rows, many=True).data})


class ProjectDetail(Guarded):
    """One project."""

    def get(self, request: Request, id: str) -> Response:
        """The project."""
        return Response(ProjectSerializer(service.project(request.user, id)).data)


class Operatives(Guarded):
    """New operatives."""

    def post(self, request: Request) -> Response:
        """A new operative, once for its key."""
        body = OperativeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        made = service.new_operative(request.user, body.validated_data["name"], request.headers["Idempotency-Key"])
        return Response(OperativeSerializer(made).data, 201)
