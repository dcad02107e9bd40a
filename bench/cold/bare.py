"""The yardstick: a DynamoDB client and nothing else."""

from bench.cold.stopwatch import stop  # first: starts the clock

# isort: split
import boto3

boto3.client("dynamodb")
stop()
