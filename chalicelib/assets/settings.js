// Settings, API & integrations: lists, generates and revokes tokens and rotates the ingest secret through the JSON API.
const { base, csrf } = document.body.dataset;
const at = (id) => document.getElementById(id);
const note = (done, wrong) => {
  at("message").textContent = done;
  at("alert").textContent = wrong;
  at(wrong ? "alert" : "message").scrollIntoView({ block: "nearest" });
};
const say = (done) => note(done, "");
const day = (time) => (time ? time.slice(0, 10) : "never");

async function api(method, path, body) {
  const headers = { "X-CSRF-Token": csrf, "Content-Type": "application/json" };
  if (method !== "GET") headers["Idempotency-Key"] = `settings-${Date.now()}-${Math.random().toString(36).slice(2)}`;
  const answer = await fetch(path.startsWith(base + "/api/") ? path : `${base}/api/v1${path}`, {
    method, headers, credentials: "same-origin", body: body === undefined ? undefined : JSON.stringify(body),
  });
  const found = answer.status === 204 ? null : await answer.json();
  if (answer.ok) return found;
  // The session has ended, or is another one now, perhaps of another company: nothing on the page holds any more.
  if (answer.status === 401 || found.code === "csrf_failed") location.reload();
  const named = Object.entries(found.errors || {}).map(([field, texts]) => `${labelled(field)}: ${texts.join(" ")}`);
  throw new Error(named.join(" ") || found.detail);
}

// The label of the field that the service names; the field itself is marked and ready to be corrected.
function labelled(name) {
  const field = document.querySelector(`[name="${CSS.escape(name)}"]`);
  if (!field) return name;
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", "alert");
  field.focus();
  return field.labels[0].textContent;
}

async function all(path) {
  const rows = [];
  for (let next = path; next;) {
    const page = await api("GET", next);
    rows.push(...page.results);
    next = page.next;
  }
  return rows;
}

function act(work) {
  return async (event) => {
    event.preventDefault();
    const button = event.submitter || event.currentTarget;
    button.disabled = true;
    for (const field of document.querySelectorAll("[aria-invalid]")) {
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
    }
    try { await work(event); } catch (error) { note("", error.message); } finally { button.disabled = false; }
  };
}

const headings = [...document.querySelectorAll("th")].map((heading) => heading.textContent);

function cell(line, place) {
  const made = line.insertCell();
  made.dataset.heading = headings[place]; // shown before the text where the screen is too narrow for a table
  return made;
}

const expired = (token) => Boolean(token.expires_at) && new Date(token.expires_at) <= new Date();
const over = (token) => Boolean(token.revoked_at) || expired(token);

function row(token, names) {
  const line = document.createElement("tr");
  const past = token.revoked_at ? `revoked ${day(token.revoked_at)}` : `expired ${day(token.expires_at)}`;
  const ends = over(token) ? past : day(token.expires_at);
  const user = names.get(token.user) || token.user;
  const cells = [token.label, `${token.prefix}…`, user, day(token.created_at), day(token.last_used_at), ends];
  cells.forEach((text, place) => { cell(line, place).textContent = text; });
  if (!over(token)) {
    const last = cell(line, cells.length);
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Revoke";
    button.setAttribute("aria-label", `Revoke ${token.label}`);
    button.addEventListener("click", act(async () => {
      if (!confirm(`Revoke ${token.label}? It stops working at once.`)) return;
      await api("DELETE", `/tokens/${token.id}/`);
      if (shown === token.id) hide("token");
      say(`${token.label} is revoked.`);
      await list();
    }));
    last.append(button);
  }
  return line;
}

let names = new Map();
let shown = ""; // the token whose text is to be copied now

async function list() {
  const tokens = await all("/tokens/?page_size=200");
  at("tokens").replaceChildren(...tokens.filter((token) => !over(token)).map((token) => row(token, names)));
  at("ended").replaceChildren(...tokens.filter(over).map((token) => row(token, names)));
  at("ended-tokens").hidden = !tokens.some(over);
}

async function people() {
  const users = await all("/users/?page_size=200");
  names = new Map(users.map((user) => [user.id, user.name]));
  at("user").append(...users.filter((user) => user.active).map((user) => new Option(`${user.name} (${user.email})`, user.id)));
}

function show(kind, text) {
  at(kind).textContent = text;
  at(`${kind}-shown`).hidden = false;
  document.querySelector(`[data-copy="${kind}"]`).focus();
}

function hide(kind) {
  at(kind).textContent = "";
  if (kind === "secret") at("curl").textContent = "";
  at(`${kind}-shown`).hidden = true;
}

at("generate").addEventListener("submit", act(async () => {
  const body = { label: at("label").value };
  if (at("user").value) body.user = at("user").value;
  if (at("expires").value) body.expires_at = `${at("expires").value}T23:59:59Z`;
  const made = await api("POST", "/tokens/", body);
  at("generate").reset();
  shown = made.id;
  show("token", made.token);
  say("The token is made. Copy it now.");
  await list();
}));

at("rotate").addEventListener("submit", act(async () => {
  const overlap = at("overlap");
  const seconds = Number(overlap.value);
  const stays = `The present one goes on working for ${overlap.selectedOptions[0].textContent}.`;
  if (!confirm(`Set a new ingest secret? ${seconds ? stays : "All clocks stop now, until each has the new one."}`)) return;
  const made = await api("POST", "/integrations/ingest-secret/", { overlap_seconds: seconds });
  show("secret", made.secret);
  const punch = JSON.stringify({ clock_id: "1001", clock_in: new Date().toISOString().slice(0, 19) + "Z" });
  at("curl").textContent = `curl -X POST ${at("curl").dataset.url} -H 'X-Inbound-Secret: ${made.secret}' `
    + `-H 'Content-Type: application/json' -d '${punch}'`;
  say("The new secret works now. Copy it.");
}));

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const source = at(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      say("Copied.");
    } catch {
      getSelection().selectAllChildren(source);
      say("Press Ctrl+C or Command+C to copy the selected text.");
    }
  });
}

// A page that the browser remembers for "back" remembers no secret.
addEventListener("pagehide", () => {
  for (const kind of ["token", "secret"]) hide(kind);
});

// Until then nothing can be pressed: the list moves what is below it.
people().then(list).catch((error) => note("", error.message)).finally(() => {
  for (const button of document.querySelectorAll("form button")) button.disabled = false;
});
