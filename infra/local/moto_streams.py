"""Table streams for moto that keep what DynamoDB Streams promises.

Moto's own stream reports a write that changed nothing, keeps every record for ever, and keeps
one iterator of about 1 KB for each poll. Here a write without a change leaves no record, the
oldest records go when the stream is long, and an iterator is its own position: nothing is kept.
"""

from __future__ import annotations

import base64
from types import ModuleType
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import StreamShard, Table
from moto.dynamodbstreams import urls as streams_urls
from moto.dynamodbstreams.models import DynamoDBStreamsBackend, ShardIterator

RECORDS_KEPT = 100_000
"""Records a shard keeps at least; DynamoDB keeps 24 hours, a process has its memory."""


class TrimmedDataAccess(JsonRESTError):
    """The iterator points before the oldest record that is kept."""

    def __init__(self) -> None:
        super().__init__(
            "com.amazonaws.dynamodb.v20120810#TrimmedDataAccessException",
            "The operation attempted to read past the oldest stream record in a shard.",
        )


class LocalShard(StreamShard):
    """One table's shard; sequence numbers never repeat, also after a trim."""

    def __init__(self, account_id: str, table: Table) -> None:
        super().__init__(account_id, table)
        self.muted = False
        self.records_kept = RECORDS_KEPT

    @property
    def next_sequence(self) -> int:
        """The sequence number the next record will have."""
        return int(self.starting_sequence_number) + len(self.items)

    def add(self, old: Item | None, new: Item | None) -> None:
        """Append the record of one change, unless nothing changed."""
        if self.muted or (old is not None and new is not None and old == new):
            return
        super().add(old, new)
        # Moto writes us-east-1 and version 1.0 whatever the table's region is.
        self.items[-1].record.update(awsRegion=self.table.region_name, eventVersion="1.1")
        self._trim()

    def take_back(self, sequence: int) -> None:
        """Remove the records from ``sequence`` on: their transaction did not commit."""
        del self.items[max(0, sequence - self.starting_sequence_number) :]

    def get(self, start: int, quantity: int) -> list[dict[str, object]]:
        """Return up to ``quantity`` records from sequence number ``start`` on."""
        if start < self.starting_sequence_number:
            raise TrimmedDataAccess
        return super().get(start, quantity)

    def _trim(self) -> None:
        """Drop the oldest records; in halves, so that the cost per record stays flat."""
        surplus = len(self.items) - self.records_kept
        if surplus >= self.records_kept:
            del self.items[:surplus]
            self.starting_sequence_number += surplus


class PositionIterator(ShardIterator):
    """An iterator whose text holds its position, so that the server need not remember it."""

    @property
    def arn(self) -> str:
        """The iterator as the client sees it."""
        table = self.stream_shard.table
        return iterator_text(
            f"{table.table_arn}/stream/{table.latest_stream_label}",
            self.sequence_number,
        )


def iterator_text(stream_arn: str, sequence: int) -> str:
    """Write a position in a stream as an iterator."""
    return f"{stream_arn}|1|{base64.b64encode(str(sequence).encode()).decode()}"


class LocalStreams(DynamoDBStreamsBackend):
    """The streams service with iterators that are not stored."""

    @property
    def _url_module(self) -> ModuleType:
        """Moto's URLs: it would look for them beside this class's module."""
        return streams_urls

    def get_shard_iterator(
        self,
        arn: str,
        shard_id: str,
        shard_iterator_type: str,
        sequence_number: Any = None,
    ) -> ShardIterator:
        """Return an iterator at the asked position."""
        return PositionIterator(self, self._shard(arn), shard_iterator_type, sequence_number)

    def get_records(self, iterator_arn: str, limit: int) -> dict[str, object]:
        """Return the records from the iterator's position on and the next iterator."""
        stream_arn, _, position = iterator_arn.split("|")
        sequence = int(base64.b64decode(position))
        records = self._shard(stream_arn).get(sequence, limit)
        following = iterator_text(stream_arn, sequence + len(records))
        return {"NextShardIterator": following, "Records": records}

    def _shard(self, stream_arn: str) -> StreamShard:
        """Return the shard of a stream that still exists under this label."""
        table = self._get_table_from_arn(stream_arn)
        if table.stream_shard is None or not stream_arn.endswith(f"/{table.latest_stream_label}"):
            raise JsonRESTError("ResourceNotFoundException", f"Stream not found: {stream_arn}")
        return table.stream_shard
