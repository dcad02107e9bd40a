"""The whole merge template of a stage."""

from infra import gateway_answers
from infra.template.alarms import alarms
from infra.template.functions import functions
from infra.template.tables import tables

REQUESTS_A_SECOND, BURST = 500, 1000


def merge_template(stage: str) -> dict[str, object]:
    """What is merged over Chalice's own template of the stage; dictionaries are merged, lists replaced."""
    gateway = {
        "DefinitionBody": {"x-amazon-apigateway-gateway-responses": gateway_answers.definitions()},
        "MethodSettings": [
            {
                "ResourcePath": "/*",
                "HttpMethod": "*",
                "ThrottlingRateLimit": REQUESTS_A_SECOND,
                "ThrottlingBurstLimit": BURST,
            }
        ],
    }
    # Without the version SAM makes a second stage named Stage: https://github.com/aws/serverless-application-model/issues/191
    return {
        "Globals": {"Api": {"OpenApiVersion": "2.0"}},
        "Resources": tables(stage) | functions(stage) | {"RestAPI": {"Properties": gateway}} | alarms(stage),
    }
