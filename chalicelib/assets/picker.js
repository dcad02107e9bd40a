// Offers cost codes as one types, where there are more than the page brought along.
const { base } = document.body.dataset;
const offered = document.getElementById("codes");
let wait;

async function offer(field) {
  const query = new URLSearchParams({ search: field.value, page_size: "20" });
  const answer = await fetch(`${base}/api/v1/projects/${field.dataset.project}/cost-codes/?${query}`);
  if (!answer.ok) return; // what is offered already stays; the field takes any code
  const { results } = await answer.json();
  offered.replaceChildren(...results.map((each) => new Option(each.path.join(" › "), each.cost_code)));
}

for (const field of document.querySelectorAll("[data-search]")) {
  field.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(() => offer(field).catch(() => {}), 200);
  });
}
