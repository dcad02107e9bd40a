"""What heads the document: how every endpoint is used, and what the groups of endpoints are."""

INTRODUCTION = """\
Labour hours of construction crews against a work breakdown structure, and earned value from them.

**Authentication.** `Authorization: Bearer <token>`. Tokens are made under Settings → API & integrations. Devices send
`X-Inbound-Secret` to `clock-events/ingest/` instead. Signed in through the browser, this page uses your session.

**Lists** answer `count`, `next`, `previous` and `results`. Follow `next` until it is null: every row that matched comes
exactly once, even while others write. `page_size` is 1 to 200.

**Keys.** Send an `Idempotency-Key`, best a new UUID, with every POST, PATCH and DELETE. After a lost reply or a 503
send the very same request with the same key within 7 days: it takes effect once, and you get its answer.

**Concurrency.** `ETag` names the version of a resource. `If-Match` refuses a change of another one with 412; a read
with `If-None-Match` answers 304 while nothing has changed.

**Limits.** `X-RateLimit-Remaining` says how many requests are left in this minute. On 429 and 503 wait for
`Retry-After`. What can grow has a bound; a 400 or 409 says which.

**Incremental reads.** Send `updated_since` and `include_deleted=true`, follow `next` to the end, and keep
`synced_until` as the `updated_since` of the next time. What follows from other rows (`cost_code`, `clash` and
`allowed_actions` of an entry; `path`, `code`, `position` and progress of a node) does not move `updated_at`: join it
by id.

**Errors** are `application/problem+json`: `code` is for programs, `detail` says what to do, and `errors` names every
bad field. Hours and money have two decimals, quantities, indices and fractions four; read them as decimals.
"""
TAGS = {
    "Account": "The caller, API tokens, and the secret of clock devices.",
    "Clashes": "Days whose hours do not agree; they hold back approval until somebody resolves them.",
    "Clock events": "What clock devices send, and what became of it.",
    "Company": "The company and the defaults of its projects.",
    "Health": "Whether the service runs.",
    "Jobs": "Work that takes longer than one request.",
    "Labour": "Hours of one operative on one date: logged, submitted, approved.",
    "Memberships": "Roles of users on single projects.",
    "Operatives": "The workers whose hours are logged, and their rates.",
    "Pages": "This documentation.",
    "Periods": "Days that payroll has run for: closed, and reopened.",
    "Projects": "Projects, their calendars and baselines.",
    "Reports": "Earned value figures of projects and nodes.",
    "Users": "People who sign in.",
    "WBS": "The work breakdown: location, sub-location, discipline, activity.",
}
