// Copy buttons: for what the page marks with data-copy, and for every block of code.
export function copyButtons() {
  for (const button of document.querySelectorAll("button[data-copy]")) ready(button, () => button.dataset.copy);
  for (const pre of document.querySelectorAll(".prose pre")) {
    const block = document.createElement("div");
    const button = document.createElement("button");
    block.className = "code-block";
    button.type = "button";
    button.className = "button slim";
    button.textContent = words().copy;
    button.setAttribute("aria-label", words().copyCode);
    pre.replaceWith(block);
    block.append(pre, button);
    if (pre.scrollWidth > pre.clientWidth) pre.tabIndex = 0;
    ready(button, () => pre.innerText.replace(/\n$/, ""));
  }
}

const words = () => document.documentElement.dataset;

function ready(button, text) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const done = await put(text());
    say(done ? words().copied : words().notCopied);
  });
}

async function put(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return byHand(text); // plain http away from localhost has no clipboard
  }
}

function byHand(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "sr";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

let fading;

function say(text) {
  const toast = document.getElementById("toast");
  toast.firstElementChild.textContent = text;
  toast.firstElementChild.className = "toast";
  clearTimeout(fading);
  fading = setTimeout(() => {
    toast.firstElementChild.textContent = "";
    toast.firstElementChild.className = "";
  }, 2500);
}
