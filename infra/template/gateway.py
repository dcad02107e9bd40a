"""The gateway: its name, the requests it lets through, its answers, and where asked for a domain and an access log."""

import json
from dataclasses import dataclass

from infra import gateway_answers
from infra.template.functions import LOG_DAYS
from infra.template.tables import Resources

REQUESTS_A_SECOND, BURST = 500, 1000
# The declared path, never the path as sent: a one-time key is part of some.
LOGGED = {
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "address": "$context.identity.sourceIp",
    "method": "$context.httpMethod",
    "route": "$context.resourcePath",
    "status": "$context.status",
    "milliseconds": "$context.responseLatency",
}


@dataclass(frozen=True, slots=True)
class Options:
    """What a deployment may have: a domain of its own with its certificate, and the gateway's access log."""

    domain: str | None = None
    certificate: str | None = None
    access_log: bool = False


def gateway(stage: str, options: Options) -> Resources:
    """What is merged into Chalice's ``RestAPI``, and what stands beside it."""
    return (
        {"RestAPI": {"Properties": _api(stage) | (_logged() if options.access_log else {})}}
        | (_access_log(stage) if options.access_log else {})
        | (_domain(options.domain, options.certificate) if options.domain else {})
    )


def _api(stage: str) -> dict[str, object]:
    throttled = {
        "ResourcePath": "/*",
        "HttpMethod": "*",
        "ThrottlingRateLimit": REQUESTS_A_SECOND,
        "ThrottlingBurstLimit": BURST,
    }
    return {
        "DefinitionBody": {
            "info": {"title": f"wbsync-{stage}"},  # the name by which CloudWatch tells stages of one account apart
            "x-amazon-apigateway-gateway-responses": gateway_answers.definitions(),
        },
        "MethodSettings": [throttled],
    }


def _logged() -> dict[str, object]:
    log = {"DestinationArn": {"Fn::GetAtt": ["AccessLogs", "Arn"]}, "Format": json.dumps(LOGGED)}
    return {"AccessLogSetting": log}


def _access_log(stage: str) -> Resources:
    name = f"/wbsync/{stage}/access"
    return {
        "AccessLogs": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": name, "RetentionInDays": LOG_DAYS},
        }
    }


def _domain(domain: str, certificate: str | None) -> Resources:
    """The mapping refers to the stage, and so waits for it; Chalice's own does not."""
    return {
        "Domain": {
            "Type": "AWS::ApiGateway::DomainName",
            "Properties": {
                "DomainName": domain,
                "RegionalCertificateArn": certificate,
                "EndpointConfiguration": {"Types": ["REGIONAL"]},
                "SecurityPolicy": "TLS_1_2",
            },
        },
        "DomainMapping": {
            "Type": "AWS::ApiGateway::BasePathMapping",
            "Properties": {
                "DomainName": {"Ref": "Domain"},
                "RestApiId": {"Ref": "RestAPI"},
                "Stage": {"Ref": "RestAPI.Stage"},
            },
        },
    }


def outputs(options: Options) -> Resources:
    """What the operator needs to point a name at the domain."""
    if not options.domain:
        return {}
    return {
        "DomainTarget": {"Value": {"Fn::GetAtt": ["Domain", "RegionalDomainName"]}},
        "DomainTargetZone": {"Value": {"Fn::GetAtt": ["Domain", "RegionalHostedZoneId"]}},
    }
