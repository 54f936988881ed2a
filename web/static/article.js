// On an article: wide tables scroll by themselves, the contents show where the reader is and stand open beside the text.
export function articleAids() {
  for (const table of document.querySelectorAll(".prose table")) scrolls(table);
  const contents = document.querySelector("details.toc");
  if (!contents) return;
  const beside = matchMedia("(min-width: 60.01rem)");
  const follow = () => { contents.open = beside.matches; };
  beside.addEventListener("change", follow);
  follow();
  contents.addEventListener("click", (event) => {
    if (event.target.closest("a") && !beside.matches) contents.open = false;
  });
  whereabouts(contents);
}

function scrolls(table) {
  const frame = document.createElement("div");
  frame.className = "scroll";
  table.replaceWith(frame);
  frame.append(table);
  if (frame.scrollWidth <= frame.clientWidth) return;
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", document.documentElement.dataset.table);
}

function whereabouts(contents) {
  const links = new Map([...contents.querySelectorAll("a")].map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
  const headings = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  const mark = () => {
    const passed = headings.filter((heading) => heading.getBoundingClientRect().top < 140);
    const here = (passed.at(-1) ?? headings[0])?.id;
    for (const [id, link] of links) {
      if (id === here) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  let waiting = false;
  addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; mark(); });
  }, { passive: true });
  mark();
}
