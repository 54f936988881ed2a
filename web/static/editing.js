// What is typed is shown as readers would see it, once one pauses; what was not saved is not left by accident.
const PAUSE = 600;
const form = document.getElementById("editor");
const pane = form.querySelector("[data-shown]");
let asked = 0;
let timer;
let composing = false;
let changed = false;

function show() {
  const request = new XMLHttpRequest();
  const mine = ++asked;
  const fields = new FormData(form);
  fields.delete("file");
  request.open("POST", form.dataset.preview);
  // The browser reads it as a page of its own: nothing in it runs, and no string becomes HTML here.
  request.responseType = "document";
  request.onload = () => {
    if (mine !== asked) return;
    const shown = request.status === 200 && request.response?.getElementById("shown");
    put(shown ? document.adoptNode(shown) : failed());
  };
  request.onerror = () => mine === asked && put(failed());
  request.send(fields);
  pane.querySelector("#shown")?.classList.add("stale");
}

function put(shown) {
  pane.querySelector("#shown").replaceWith(shown);
  pane.hidden = false;
}

function failed() {
  const told = document.createElement("p");
  told.id = "shown";
  told.className = "quiet";
  told.textContent = form.dataset.failed;
  return told;
}

function later() {
  changed = true;
  clearTimeout(timer);
  if (!composing) timer = setTimeout(show, PAUSE);
}

form.addEventListener("compositionstart", () => {
  composing = true;
  clearTimeout(timer);
});
form.addEventListener("compositionend", () => {
  composing = false;
  later();
});
form.addEventListener("input", later);
form.addEventListener("submit", () => {
  changed = false;
});
addEventListener("beforeunload", (event) => {
  if (changed) event.preventDefault();
});
if (!form.querySelector("fieldset").disabled && form.elements.body.value.trim()) show();
