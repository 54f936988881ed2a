// The search box as a combobox (WAI-ARIA 1.2), safe with input methods: while a composition is under way nothing is sent,
// no key is ours, and the Enter that ends it never searches.
const WAIT = 90;
const WORTH_ASKING = /[\p{Script=Han}\p{Script=Bopomofo}]|[\p{L}\p{N}]{2}/u;

export function searchBoxes() {
  for (const form of document.querySelectorAll("form[data-suggest]")) new SearchBox(form);
}

class SearchBox {
  constructor(form) {
    this.form = form;
    this.input = form.querySelector("input[name=q]");
    this.list = form.querySelector("[role=listbox]");
    this.status = form.querySelector("[role=status]");
    this.active = -1;
    this.composing = false;
    this.endingEnter = false;
    this.asked = null;
    this.listen();
  }

  listen() {
    const { input, list, form } = this;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-expanded", "false");
    input.addEventListener("compositionstart", () => { this.composing = true; this.close(); });
    input.addEventListener("compositionend", () => { this.composing = false; this.later(); });
    input.addEventListener("input", (event) => { if (!this.composing && !event.isComposing) this.later(); });
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("keyup", () => { this.endingEnter = false; });
    input.addEventListener("blur", () => { this.endingEnter = false; this.close(); });
    form.addEventListener("submit", (event) => {
      if (this.composing || this.endingEnter) event.preventDefault();
      else this.close();
    });
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => this.go(event.target.closest("[role=option]")));
  }

  key(event) {
    if (event.isComposing || event.keyCode === 229) {
      // Safari sends this Enter after compositionend, so it is remembered until the key is up.
      this.endingEnter = event.key === "Enter" || event.code === "Enter" || event.code === "NumpadEnter";
      return;
    }
    this.endingEnter = false;
    const open = !this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (open) this.move(event.key === "ArrowDown" ? 1 : -1);
      else if (event.key === "ArrowDown") this.ask();
      else return;
    } else if (event.key === "Escape" && open) this.close();
    else if (event.key === "Enter" && open && this.active >= 0) this.go(this.list.children[this.active]);
    else return;
    event.preventDefault();
  }

  later() {
    this.forget();
    this.timer = setTimeout(() => this.ask(), WAIT);
  }

  forget() {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.asked = null;
  }

  async ask() {
    this.forget();
    const text = this.input.value.trim();
    if (!WORTH_ASKING.test(text) || text.length > 100) return this.close();
    const asked = (this.asked = new AbortController());
    try {
      const url = `${this.form.dataset.suggest}?${new URLSearchParams({ q: text })}`;
      const answer = await fetch(url, { signal: asked.signal, headers: { Accept: "application/json" } });
      const found = answer.ok ? (await answer.json()).suggestions : [];
      if (this.asked === asked && !this.composing && document.activeElement === this.input) this.show(found);
    } catch {
      if (this.asked === asked) this.close();
    }
  }

  show(suggestions) {
    this.list.replaceChildren(...suggestions.map((suggestion, index) => this.option(suggestion, index)));
    this.active = -1;
    this.input.removeAttribute("aria-activedescendant");
    this.open(suggestions.length > 0);
    this.status.textContent = suggestions.length ? this.form.dataset.found.replace("0", suggestions.length) : "";
  }

  option({ text, lang, source, url }, index) {
    const option = document.createElement("li");
    const words = document.createElement("span");
    const from = document.createElement("small");
    words.textContent = text;
    if (lang) words.lang = lang;
    from.textContent = source;
    option.append(words, from);
    option.id = `${this.list.id}-${index}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.dataset.url = url;
    return option;
  }

  move(step) {
    const options = [...this.list.children];
    this.active = (this.active + step + options.length + (this.active < 0 && step < 0 ? 1 : 0)) % options.length;
    options.forEach((option, index) => option.setAttribute("aria-selected", String(index === this.active)));
    this.input.setAttribute("aria-activedescendant", options[this.active].id);
    options[this.active].scrollIntoView({ block: "nearest" });
  }

  open(yes) {
    this.list.hidden = !yes;
    this.input.setAttribute("aria-expanded", String(yes));
  }

  close() {
    this.forget();
    this.active = -1;
    this.input.removeAttribute("aria-activedescendant");
    this.open(false);
  }

  go(option) {
    if (!option) return;
    this.close();
    location.assign(option.dataset.url);
  }
}
