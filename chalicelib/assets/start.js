// Swagger UI over the served schema; the session's CSRF token goes with every live call.

// The command that is shown beside an answer: a shell has no session, so it gets a place for a token.
const curlWithToken = (Curl, { React }) => ({ request, ...others }) => {
  if (request.getIn(["headers", "Authorization"])) {
    return React.createElement("div", {}, React.createElement("p", {}, "Sent with your token."), React.createElement(Curl, { request, ...others }));
  }
  const shown = request.deleteIn(["headers", "X-CSRF-Token"]).setIn(["headers", "Authorization"], "Bearer <your-token>");
  return React.createElement(
    "div",
    {},
    React.createElement("p", {}, "Sent with your session. In a shell put a token of yours in place of <your-token>."),
    React.createElement(Curl, { request: shown, ...others }),
  );
};

SwaggerUIBundle({
  url: document.body.dataset.base + "/api/schema/",
  dom_id: "#swagger-ui",
  deepLinking: true,
  plugins: [{ wrapComponents: { curl: curlWithToken } }],
  requestInterceptor: (request) => {
    if (!request.headers.Authorization) request.headers["X-CSRF-Token"] = document.body.dataset.csrf;
    return request;
  },
});
