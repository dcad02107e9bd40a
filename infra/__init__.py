"""What runs the service: the local runtime, provisioning and templates."""
