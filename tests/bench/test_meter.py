"""The meter, on real calls: rounds, capacity units, and the item most transactions touch."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from bench.capacity import Capacity
from bench.meter import Meter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]


def project(name: str, note: int = 0, **indexed: str) -> Item:
    """A project row whose note is `note` bytes long, with index keys if given."""
    keys = {attribute: {"S": value} for attribute, value in indexed.items()}
    return {"company": {"S": "acme"}, "id": {"S": name}, "note": {"S": "x" * note}, **keys}


def key(name: str) -> Item:
    return {"company": {"S": "acme"}, "id": {"S": name}}


def put(item: Item) -> Any:
    return {"Put": {"TableName": "projects", "Item": item}}


def cost(read: str = "0", write: str = "0") -> Capacity:
    return Capacity(Decimal(read), Decimal(write))


@pytest.fixture
def stored(probe: DynamoDBClient) -> Callable[..., None]:
    """Puts rows unmetered."""

    def store(*items: Item) -> None:
        for item in items:
            probe.put_item(TableName="projects", Item=item)

    return store


class TestRounds:
    def test_calls_in_turn_count_one_each(self, client: DynamoDBClient, meter: Meter) -> None:
        client.get_item(TableName="projects", Key=key("a"))
        client.get_item(TableName="projects", Key=key("b"))
        assert (meter.sequential_calls(), len(meter.calls)) == (2, 2)

    def test_calls_sent_together_count_once(self, client: DynamoDBClient, meter: Meter) -> None:
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda n: client.get_item(TableName="projects", Key=key(n)), "abc"))
        client.put_item(TableName="projects", Item=project("a"))
        assert (meter.sequential_calls(), len(meter.calls)) == (2, 4)

    def test_one_long_call_beside_two_short_ones_makes_two_rounds(
        self, client: DynamoDBClient, probe: DynamoDBClient
    ) -> None:
        slow = Meter(probe, latency=0.3)
        quick = Meter(probe, latency=0.02)
        other = boto3.client("dynamodb", region_name="eu-west-1")
        slow.attach(other)
        quick.attach(client)
        with ThreadPoolExecutor(1) as pool:
            long = pool.submit(lambda: other.get_item(TableName="projects", Key=key("a")))
            client.get_item(TableName="projects", Key=key("b"))
            client.get_item(TableName="projects", Key=key("c"))
            long.result()
        quick._calls.extend(slow.calls)
        assert quick.sequential_calls() == 2

    def test_a_transaction_and_a_batch_are_one_call_each(self, client: DynamoDBClient, meter: Meter) -> None:
        client.transact_write_items(TransactItems=[put(project("a")), put(project("b"))])
        client.batch_get_item(RequestItems={"projects": {"Keys": [key("a"), key("b")]}})
        assert meter.sequential_calls() == 2

    def test_a_call_keeps_what_was_asked_and_answered(
        self, client: DynamoDBClient, meter: Meter, stored: Callable[..., None]
    ) -> None:
        stored(project("a"))
        client.get_item(TableName="projects", Key=key("a"))
        (call,) = meter.calls
        assert (call.operation, call.tables) == ("GetItem", ("projects",))
        assert call.parameters["Key"] == key("a")
        assert call.response["Item"] == project("a")
        assert call.started < call.ended

    def test_a_resource_is_recorded_in_the_notation_of_the_wire(self, client: DynamoDBClient, meter: Meter) -> None:
        resource = boto3.resource("dynamodb", region_name="eu-west-1")
        meter.attach(resource.meta.client)
        resource.Table("projects").put_item(Item={"company": "acme", "id": "a", "hours": 7})
        (call,) = meter.calls
        assert call.parameters["Item"]["hours"] == {"N": "7"}
        assert call.capacity == cost(write="1")

    def test_nothing_is_recorded_after_detaching_or_twice_attached(self, client: DynamoDBClient, meter: Meter) -> None:
        meter.attach(client)
        client.get_item(TableName="projects", Key=key("a"))
        meter.detach(client)
        client.get_item(TableName="projects", Key=key("a"))
        assert len(meter.calls) == 1

    def test_clearing_forgets(self, client: DynamoDBClient, meter: Meter) -> None:
        client.get_item(TableName="projects", Key=key("a"))
        meter.clear()
        assert (meter.sequential_calls(), meter.capacity()) == (0, Capacity())


class TestReads:
    @pytest.mark.parametrize(("consistent", "units"), [(True, "2"), (False, "1")])
    def test_an_item_is_read_in_steps_of_4_kb_and_halved_if_eventual(
        self,
        client: DynamoDBClient,
        meter: Meter,
        stored: Callable[..., None],
        consistent: bool,
        units: str,
    ) -> None:
        stored(project("a", 4096))
        client.get_item(TableName="projects", Key=key("a"), ConsistentRead=consistent)
        assert meter.capacity() == cost(read=units)

    def test_a_missing_item_costs_as_a_small_one(self, client: DynamoDBClient, meter: Meter) -> None:
        client.get_item(TableName="projects", Key=key("a"))
        assert meter.capacity() == cost(read="0.5")

    def test_a_projection_saves_nothing(
        self, client: DynamoDBClient, meter: Meter, stored: Callable[..., None]
    ) -> None:
        stored(project("a", 4096))
        client.get_item(TableName="projects", Key=key("a"), ProjectionExpression="id")
        assert meter.capacity() == cost(read="1")

    def test_a_batch_rounds_each_item(self, client: DynamoDBClient, meter: Meter, stored: Callable[..., None]) -> None:
        stored(project("a", 10), project("b", 5000))
        keys = [key("a"), key("b"), key("missing")]
        client.batch_get_item(RequestItems={"projects": {"Keys": keys, "ConsistentRead": True}})
        assert meter.capacity() == cost(read="4")

    def test_a_transaction_doubles(self, client: DynamoDBClient, meter: Meter, stored: Callable[..., None]) -> None:
        stored(project("a", 10), project("b", 5000))
        gets: list[Any] = [{"Get": {"TableName": "projects", "Key": key(name)}} for name in "ab"]
        client.transact_get_items(TransactItems=gets)
        assert meter.capacity() == cost(read="6")


class TestPages:
    def test_a_page_is_rounded_once(self, client: DynamoDBClient, meter: Meter, stored: Callable[..., None]) -> None:
        stored(*(project(str(number), 1000) for number in range(5)))
        self.query(client)
        assert meter.capacity() == cost(read="2")

    def test_a_filter_and_a_projection_save_nothing(
        self, client: DynamoDBClient, meter: Meter, stored: Callable[..., None]
    ) -> None:
        stored(*(project(str(number), 1000) for number in range(5)))
        answer = self.query(
            client,
            FilterExpression="#note = :note AND id <> :id",
            ProjectionExpression="id",
            ExpressionAttributeNames={"#note": "note", "#company": "company"},
            KeyConditionExpression="#company = :company",
            ExpressionAttributeValues={
                ":company": {"S": "acme"},
                ":note": {"S": "none"},
                ":id": {"S": "7"},
            },
        )
        assert answer["Count"] == 0
        assert meter.capacity() == cost(read="2")

    def test_a_limit_ends_what_is_evaluated_and_a_start_key_begins_it(
        self, client: DynamoDBClient, meter: Meter, stored: Callable[..., None]
    ) -> None:
        stored(project("a", 9000), *(project(name, 1000) for name in "bcdefg"))
        answer = self.query(
            client,
            Limit=3,
            ExclusiveStartKey=key("a"),
            FilterExpression="id = :id",
            ExpressionAttributeValues={":company": {"S": "acme"}, ":id": {"S": "g"}},
        )
        assert (answer["Count"], answer["ScannedCount"]) == (0, 3)
        assert meter.capacity() == cost(read="1")

    def test_counting_reads_the_same(self, client: DynamoDBClient, meter: Meter, stored: Callable[..., None]) -> None:
        stored(*(project(str(number), 1000) for number in range(5)))
        self.query(client, Select="COUNT", ConsistentRead=False)
        assert meter.capacity() == cost(read="1")

    def test_an_empty_page_costs_one_step(self, client: DynamoDBClient, meter: Meter) -> None:
        self.query(client)
        assert meter.capacity() == cost(read="1")

    def test_an_index_with_keys_only_is_read_by_its_keys(
        self, client: DynamoDBClient, meter: Meter, stored: Callable[..., None]
    ) -> None:
        stored(*(project(str(number), 5000, owner="ann") for number in range(5)))
        client.query(
            TableName="projects",
            IndexName="by_owner",
            KeyConditionExpression="#owner = :owner",
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues={":owner": {"S": "ann"}},
        )
        assert meter.capacity() == cost(read="0.5")

    def test_an_index_the_meter_was_not_told_of_is_named(
        self, client: DynamoDBClient, meter: Meter, probe: DynamoDBClient
    ) -> None:
        meter.detach(client)
        Meter(probe).attach(client)
        with pytest.raises(LookupError, match="'by_owner' of table 'projects'"):
            client.scan(TableName="projects", IndexName="by_owner")

    def test_a_scan_reads_all_it_evaluates(
        self, client: DynamoDBClient, meter: Meter, stored: Callable[..., None]
    ) -> None:
        stored(*(project(str(number), 5000) for number in range(4)))
        client.scan(
            TableName="projects",
            FilterExpression="id = :id",
            ExpressionAttributeValues={":id": {"S": "1"}},
            ConsistentRead=True,
        )
        assert meter.capacity() == cost(read="5")

    def query(self, client: DynamoDBClient, **more: Any) -> Any:
        return client.query(
            **{
                "TableName": "projects",
                "KeyConditionExpression": "company = :company",
                "ExpressionAttributeValues": {":company": {"S": "acme"}},
                "ConsistentRead": True,
                **more,
            }
        )


class TestWrites:
    def test_a_put_costs_the_larger_of_the_old_and_the_new_item(
        self, client: DynamoDBClient, meter: Meter, stored: Callable[..., None]
    ) -> None:
        stored(project("a", 3000))
        client.put_item(TableName="projects", Item=project("a"))
        assert meter.capacity() == cost(write="3")

    def test_an_update_costs_the_whole_item(
        self, client: DynamoDBClient, meter: Meter, stored: Callable[..., None]
    ) -> None:
        stored(project("a", 1500))
        self.set(client, "note", "x" * 2500)
        assert meter.capacity() == cost(write="3")

    def test_a_delete_costs_the_deleted_item_and_nothing_deleted_costs_one(
        self, client: DynamoDBClient, meter: Meter, stored: Callable[..., None]
    ) -> None:
        stored(project("a", 1500))
        client.delete_item(TableName="projects", Key=key("a"))
        client.delete_item(TableName="projects", Key=key("a"))
        assert [call.capacity.write for call in meter.calls] == [2, 1]

    def test_a_batch_rounds_each_item(self, client: DynamoDBClient, meter: Meter) -> None:
        puts: list[Any] = [{"PutRequest": {"Item": project(name, 1500)}} for name in "ab"]
        client.batch_write_item(RequestItems={"projects": puts})
        assert meter.capacity() == cost(write="4")

    def test_a_transaction_doubles_and_a_condition_check_counts(
        self, client: DynamoDBClient, meter: Meter, stored: Callable[..., None]
    ) -> None:
        stored(project("b", 1500))
        check: Any = {
            "ConditionCheck": {
                "TableName": "projects",
                "Key": key("b"),
                "ConditionExpression": "attribute_exists(id)",
            }
        }
        client.transact_write_items(TransactItems=[put(project("a", 10)), check])
        assert meter.capacity() == cost(write="6")

    def test_a_failed_condition_costs_the_item_as_it_is(
        self, client: DynamoDBClient, meter: Meter, stored: Callable[..., None]
    ) -> None:
        stored(project("a", 1500))
        with pytest.raises(client.exceptions.ConditionalCheckFailedException):
            client.put_item(
                TableName="projects",
                Item=project("a", 9000),
                ConditionExpression="attribute_not_exists(id)",
            )
        assert meter.capacity() == cost(write="2")

    def test_a_refused_request_costs_nothing(self, client: DynamoDBClient, meter: Meter) -> None:
        with pytest.raises(ClientError):
            client.update_item(TableName="projects", Key=key("a"), UpdateExpression="nonsense")
        assert (meter.capacity(), len(meter.calls)) == (cost(), 1)

    def set(self, client: DynamoDBClient, name: str, value: str) -> None:
        client.update_item(
            TableName="projects",
            Key=key("a"),
            UpdateExpression="SET #name = :value",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":value": {"S": value}},
        )

    def test_a_new_entry_is_written_to_each_index_at_its_projected_size(
        self, client: DynamoDBClient, meter: Meter
    ) -> None:
        client.put_item(TableName="projects", Item=project("a", 1500, status="open", owner="ann"))
        assert meter.capacity() == cost(write="5")  # table 2, by_status 2, by_owner 1

    def test_a_changed_index_key_takes_two_writes(
        self, client: DynamoDBClient, meter: Meter, stored: Callable[..., None]
    ) -> None:
        stored(project("a", 100, owner="ann"))
        self.set(client, "owner", "bob")
        assert meter.capacity() == cost(write="3")

    def test_an_entry_that_does_not_change_is_not_written(
        self, client: DynamoDBClient, meter: Meter, stored: Callable[..., None]
    ) -> None:
        stored(project("a", 100, owner="ann"))
        self.set(client, "note", "other")
        assert meter.capacity() == cost(write="1")

    def test_a_removed_entry_takes_a_write(
        self, client: DynamoDBClient, meter: Meter, stored: Callable[..., None]
    ) -> None:
        stored(project("a", 100, status="open"))
        client.delete_item(TableName="projects", Key=key("a"))
        assert meter.capacity() == cost(write="2")

    def test_index_writes_of_a_transaction_are_not_doubled(self, client: DynamoDBClient, meter: Meter) -> None:
        client.transact_write_items(TransactItems=[put(project("a", 100, owner="ann"))])
        assert meter.capacity() == cost(write="3")


class TestSharedItems:
    def test_the_item_most_transactions_touch_is_named_with_its_share(
        self, client: DynamoDBClient, meter: Meter
    ) -> None:
        for name in "abcd":
            client.transact_write_items(TransactItems=[put(project(name)), self.touch("root")])
        client.transact_write_items(TransactItems=[put(project("e"))])
        shared = meter.most_shared_item()
        assert shared is not None
        assert (shared.table, shared.transactions, shared.share) == ("projects", 4, Fraction(4, 5))
        assert dict(shared.key)["id"] == "{'S': 'root'}"

    def test_a_cancelled_transaction_counts_and_is_charged(self, client: DynamoDBClient, meter: Meter) -> None:
        impossible = put(project("a"))
        impossible["Put"]["ConditionExpression"] = "attribute_exists(id)"
        with pytest.raises(client.exceptions.TransactionCanceledException):
            client.transact_write_items(TransactItems=[impossible])
        shared = meter.most_shared_item()
        assert shared is not None
        assert (shared.share, meter.capacity()) == (Fraction(1), cost(write="2"))

    def test_without_transactions_there_is_none(self, meter: Meter) -> None:
        assert meter.most_shared_item() is None

    def touch(self, name: str) -> Any:
        return {
            "Update": {
                "TableName": "projects",
                "Key": key(name),
                "UpdateExpression": "ADD touched :one",
                "ExpressionAttributeValues": {":one": {"N": "1"}},
            }
        }
