// Swagger UI over the served schema; the session's CSRF token goes with every live call.

// The command that is shown beside an answer: a shell has no session, so it gets a place for a token.
const curlWithToken = (Curl, { React }) => ({ request, ...others }) => {
  const given = ["Authorization", "X-Inbound-Secret"].filter((name) => request.getIn(["headers", name]));
  if (given.length) {
    const said = React.createElement("p", {}, `Sent with the ${given.join(" and ")} that you gave.`);
    return React.createElement("div", {}, said, React.createElement(Curl, { request, ...others }));
  }
  const shown = request.deleteIn(["headers", "X-CSRF-Token"]).setIn(["headers", "Authorization"], "Bearer <your-token>");
  return React.createElement(
    "div",
    {},
    React.createElement("p", {}, "Sent with your session. In a shell put a token of yours in place of <your-token>."),
    React.createElement(Curl, { request: shown, ...others }),
  );
};

// A problem looks alike everywhere, so each is a line that says when it comes; what it holds is the schema `Problem`.
const problemsAsLines = (Response, { React, getComponent }) => (props) => {
  if (Number(props.code) < 400) return React.createElement(Response, props);
  const Markdown = getComponent("Markdown", true);
  return React.createElement(
    "tr",
    { className: "response" },
    React.createElement("td", { className: "response-col_status" }, props.code),
    React.createElement("td", { colSpan: 2 }, React.createElement(Markdown, { source: props.response.get("description") })),
  );
};

SwaggerUIBundle({
  url: document.body.dataset.base + "/api/schema/",
  dom_id: "#swagger-ui",
  deepLinking: true,
  plugins: [{ wrapComponents: { curl: curlWithToken, response: problemsAsLines } }],
  requestInterceptor: (request) => {
    if (!request.headers.Authorization) request.headers["X-CSRF-Token"] = document.body.dataset.csrf;
    return request;
  },
});
