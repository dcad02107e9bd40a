"""What must not change carelessly from one release to the next: tables, and the names of what has one."""

from typing import Any

from infra.template.stack import merge_template

Shape = dict[str, dict[str, Any]]
STAGE = "production"  # any stage: names differ by it alone
TABLE = "AWS::DynamoDB::Table"
NAMES = {
    TABLE: "TableName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
}


def shape(template: dict[str, Any]) -> Shape:
    """Of a template its tables as they are, and of other named resources type and name."""
    return {name: _kept(each) for name, each in template["Resources"].items() if each.get("Type") in NAMES}


def shape_of_now() -> Shape:
    """The shape of this code's template."""
    return shape(merge_template(STAGE))


def name_of(resource: dict[str, Any]) -> str:
    """The name that a resource has in the account."""
    return str(resource["Properties"][NAMES[resource["Type"]]])


def _kept(resource: dict[str, Any]) -> dict[str, Any]:
    if resource["Type"] == TABLE:
        return {"Type": TABLE, "Properties": resource["Properties"]}
    return {"Type": resource["Type"], "Properties": {NAMES[resource["Type"]]: name_of(resource)}}
