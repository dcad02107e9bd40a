"""The route of the list."""

# mypy: disable-error-code="import-not-found"

from django.urls import path

from bench.cold.drf.views import ProjectList

urlpatterns = [path("api/v1/projects", ProjectList.as_view())]
