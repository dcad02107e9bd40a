"""The local runtime: AWS as far as the service needs it, on one machine.

* ``moto_server``: DynamoDB, its streams and Parameter Store, in a child process.
* ``gateway``: the REST gateway, over HTTP, in front of the Chalice app.
* ``pump``: the event source mappings, from table streams to the stream functions.

None of these modules reads or sets an environment variable. ``MotoServer.environment()`` gives
the variables that point boto3 at the local server; the program that starts the runtime puts
them in place before the first client is made.
"""
