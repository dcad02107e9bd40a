"""The whole merge template of a stage."""

from infra.provision import definitions
from infra.template.alarms import alarms
from infra.template.dashboard import dashboard
from infra.template.functions import QUEUE, functions
from infra.template.gateway import Options, gateway, outputs
from infra.template.tables import tables


def merge_template(stage: str, options: Options | None = None) -> dict[str, object]:
    """What is merged over Chalice's own template of the stage; dictionaries are merged, lists replaced."""
    options = options or Options()
    waking = alarms(stage)
    names = [name for name, each in waking.items() if each["Type"] == "AWS::CloudWatch::Alarm"]
    # Without the version SAM makes a second stage named Stage: https://github.com/aws/serverless-application-model/issues/191
    return {
        "Globals": {"Api": {"OpenApiVersion": "2.0"}},
        "Resources": tables(stage)
        | functions(stage)
        | gateway(stage, options)
        | waking
        | dashboard(stage, names, definitions(stage)),
        "Outputs": {
            "AlertsTopic": {"Value": {"Ref": "Alerts"}, "Description": "Subscribe to it: every alarm goes there."},
            "AlarmPrefix": {"Value": f"wbsync-{stage}-", "Description": "What the names of all alarms begin with."},
            "FailureQueue": {"Value": {"Ref": QUEUE}, "Description": "Batches that no retry could roll up."},
        }
        | outputs(options),
    }
