"""The Lambda module of the comparator on Django REST framework + apig-wsgi."""

# mypy: disable-error-code="import-not-found"

import os

from apig_wsgi import make_lambda_handler
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.warm.drf.settings")
handler = make_lambda_handler(get_wsgi_application())

if __name__ == "__main__":
    from bench.warm.loop import main

    main(handler)
