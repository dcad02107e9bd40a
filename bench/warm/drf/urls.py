"""The routes of the comparator."""

# mypy: disable-error-code="import-not-found"

from django.urls import path

from bench.warm.drf.views import Operatives, ProjectDetail, ProjectList

urlpatterns = [
    path("api/v1/projects", ProjectList.as_view()),
    path("api/v1/projects/<id>", ProjectDetail.as_view()),
    path("api/v1/operatives", Operatives.as_view()),
]
