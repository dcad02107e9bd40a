"""The Lambda module of the comparator on Django REST framework + apig-wsgi + boto3."""

# mypy: disable-error-code="import-not-found"

from bench.cold.stopwatch import stop  # first: starts the clock

# isort: split
import os

from apig_wsgi import make_lambda_handler
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.cold.drf.settings")
handler = make_lambda_handler(get_wsgi_application())

if __name__ == "__main__":
    from bench.cold.gateway import LambdaContext, list_projects

    answer = handler(list_projects(os.environ["BENCH_TOKEN"]), LambdaContext())
    stop(answer["statusCode"], answer["body"])
