// Swagger UI over the served schema; the session's CSRF token goes with every live call.
SwaggerUIBundle({
  url: document.body.dataset.base + "/api/schema/",
  dom_id: "#swagger-ui",
  deepLinking: true,
  requestInterceptor: (request) => {
    if (!request.headers.Authorization) request.headers["X-CSRF-Token"] = document.body.dataset.csrf;
    return request;
  },
});
