"""The comparator on Django REST framework + boto3: the project one would write, kept small.

Runs in an environment of its own, so the type checker of this project does not see its packages.
"""
