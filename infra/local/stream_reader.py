"""Reading one table's stream from its beginning, shard by shard."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

log = logging.getLogger(__name__)

LOST_POSITION = {"ExpiredIteratorException", "TrimmedDataAccessException"}


class TableClient(Protocol):
    """What is needed of boto3's ``dynamodb`` client."""

    def describe_table(self, *, TableName: str) -> Any:
        """Describe a table."""


class StreamsClient(Protocol):
    """What is needed of boto3's ``dynamodbstreams`` client."""

    def describe_stream(self, **request: object) -> Any:
        """Describe a stream and a page of its shards."""

    def get_shard_iterator(self, **request: object) -> Any:
        """Return an iterator at a position of a shard."""

    def get_records(self, **request: object) -> Any:
        """Return the records from an iterator on, and the next iterator."""


@dataclass
class _Shard:
    """The place reached in one shard; without an iterator the shard is read to its end."""

    iterator: str | None
    last_sequence: str | None = None


class StreamReader:
    """Hands out the records of a table's stream in order, each once.

    Shards are read in the order the service lists them, parents before their children.
    """

    def __init__(
        self,
        dynamodb: TableClient,
        streams: StreamsClient,
        table_name: str,
        batch_size: int,
    ) -> None:
        self._dynamodb = dynamodb
        self._streams = streams
        self._table_name = table_name
        self._batch_size = batch_size
        self._shards: dict[str, _Shard] = {}
        self.arn = ""

    def next_batch(self) -> list[dict[str, object]]:
        """Return the next records of the first shard that has any; none if all are read."""
        if not any(shard.iterator for shard in self._shards.values()):
            self._find_shards()
        for shard_id, shard in self._shards.items():
            if shard.iterator and (records := self._read(shard_id, shard)):
                return records
        return []

    def _find_shards(self) -> None:
        """Look for shards not seen before and start at their beginning."""
        if not self.arn:
            table = self._dynamodb.describe_table(TableName=self._table_name)["Table"]
            if "LatestStreamArn" not in table:
                raise LookupError(f"the table {self._table_name} has no stream")
            self.arn = table["LatestStreamArn"]
        for shard_id in self._shard_ids():
            if shard_id not in self._shards:
                self._shards[shard_id] = _Shard(self._iterator(shard_id, None))

    def _shard_ids(self) -> list[str]:
        """List all shards of the stream."""
        found: list[str] = []
        page: dict[str, str] = {}
        while True:
            stream = self._streams.describe_stream(StreamArn=self.arn, **page)["StreamDescription"]
            found += [shard["ShardId"] for shard in stream["Shards"]]
            if not stream.get("LastEvaluatedShardId"):
                return found
            page = {"ExclusiveStartShardId": stream["LastEvaluatedShardId"]}

    def _read(self, shard_id: str, shard: _Shard) -> list[dict[str, object]]:
        """Read on in one shard."""
        try:
            page = self._streams.get_records(ShardIterator=shard.iterator, Limit=self._batch_size)
        except ClientError as error:
            self._find_place_again(shard_id, shard, error)
            return []
        records: list[dict[str, Any]] = page["Records"]
        if records:
            shard.last_sequence = records[-1]["dynamodb"]["SequenceNumber"]
        shard.iterator = page.get("NextShardIterator")
        return records

    def _find_place_again(self, shard_id: str, shard: _Shard, error: ClientError) -> None:
        """Start again after the last record when an iterator is too old; else raise."""
        code = error.response.get("Error", {}).get("Code")
        if code not in LOST_POSITION:
            raise error
        if code == "TrimmedDataAccessException":
            log.error("the stream of %s has lost records that were not read", self._table_name)
            shard.last_sequence = None
        shard.iterator = self._iterator(shard_id, shard.last_sequence)

    def _iterator(self, shard_id: str, after: str | None) -> str:
        """Return an iterator behind a record, or at the oldest one."""
        place = {"ShardIteratorType": "TRIM_HORIZON"}
        if after is not None:
            place = {
                "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                "SequenceNumber": after,
            }
        answer = self._streams.get_shard_iterator(StreamArn=self.arn, ShardId=shard_id, **place)
        return str(answer["ShardIterator"])
