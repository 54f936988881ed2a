// On the pages of cases: clocks count on, and articles that may answer a case are shown while it is typed.
const SIZES = [86400, 3600, 60, 1];

/** As `countdown` of web/countdown.py says it. */
function countdown(ms, units) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  let first = SIZES.findIndex((size, at) => at < 3 && seconds >= size);
  if (first < 0) first = 2;
  const amounts = [Math.floor(seconds / SIZES[first]), Math.floor((seconds % SIZES[first]) / SIZES[first + 1])];
  return amounts.map((amount, at) => units[first + at].replace("0", amount)).join(" ");
}

/** A clock of the page. The server says when it is breached and when it stops; here it is only told on. */
class Clock {
  constructor(element, words) {
    this.element = element;
    this.words = words;
    this.units = words.units.split("|");
    this.due = Number(element.dataset.due);
    this.warns = Number(element.dataset.warns || -1);
    this.stops = (element.dataset.stops || "").split(" ").filter(Boolean).map((stop) => stop.split("-").map(Number));
    this.text = element.querySelector("[data-left]") ?? element;
    this.state = this.stateAt(Date.now() + words.ahead);
  }

  left(now) {
    return this.stops.reduce((left, [since, until]) => left - Math.max(0, until - Math.max(since, now)), this.due - now);
  }

  stateAt(now) {
    if (now >= this.due) return "breached";
    return this.left(now) <= this.warns ? "warns" : "running";
  }

  /** Tells the time again, and gives what to say aloud where more than the time has changed. */
  tell(now) {
    const late = now >= this.due;
    const span = countdown(late ? now - this.due : this.left(now), this.units);
    const said = (late ? this.words.late : this.words.left).replace("{span}", span);
    if (this.text.textContent !== said) this.text.textContent = said;
    const state = this.stateAt(now);
    if (state === this.state) return this.rest(now);
    this.state = state;
    this.element.classList.remove("running", "warns", "breached");
    this.element.classList.add(state, ...(state === "warns" ? ["running"] : []));
    this.rest(now);
    return `${this.element.querySelector("strong")?.textContent ?? ""} ${said}`;
  }

  rest(now) {
    const stopped = this.stops.some(([since, until]) => since <= now && now < until);
    this.show("[data-stopped]", stopped && this.state !== "breached");
    this.show("[data-soon]", this.state === "warns" && !stopped);
    return "";
  }

  show(selector, yes) {
    const part = this.element.querySelector(selector);
    if (part) part.hidden = !yes;
  }
}

function clocks() {
  const list = document.querySelector("[data-units]");
  if (!list) return;
  // The reader's own clock may be wrong; how far is known from what the server's said.
  const words = { ...list.dataset, ahead: Number(list.dataset.now) - Date.now() };
  const found = [...list.querySelectorAll("[data-due]")].map((element) => new Clock(element, words));
  const status = document.querySelector("[data-clocks-status]");
  const tell = () => {
    const now = Date.now() + words.ahead;
    const news = found.map((clock) => clock.tell(now)).filter(Boolean);
    if (news.length && status) status.textContent = news.join("; ");
  };
  tell();
  setInterval(tell, 1000);
}

const WAIT = 400;
const WORTH_ASKING = /[\p{Script=Han}]{2}|[\p{L}\p{N}]{3}/u;
const FIELDS = ["product", "version", "subject", "text"];

/** Asks for articles once typing rests; never while an input method composes. */
class Answers {
  constructor(form, panel) {
    this.form = form;
    this.panel = panel;
    this.list = panel.querySelector("ul");
    this.status = panel.querySelector("[role=status]");
    this.composing = false;
    this.asked = "";
    panel.hidden = false;
    form.addEventListener("compositionstart", () => { this.composing = true; this.forget(); });
    form.addEventListener("compositionend", () => { this.composing = false; this.later(); });
    form.addEventListener("input", (event) => { if (!this.composing && !event.isComposing) this.later(); });
    this.later();
  }

  forget() {
    clearTimeout(this.timer);
    this.under?.abort();
  }

  later() {
    this.forget();
    this.timer = setTimeout(() => this.ask(), WAIT);
  }

  async ask() {
    const typed = new URLSearchParams(FIELDS.map((name) => [name, this.form.elements[name].value.trim()]));
    if (typed.toString() === this.asked) return;
    if (!WORTH_ASKING.test(`${typed.get("subject")} ${typed.get("text")}`)) return this.show([]);
    const under = (this.under = new AbortController());
    const token = this.form.elements.csrf_token.value;
    try {
      const body = new URLSearchParams([...typed, ["csrf_token", token]]);
      const answer = await fetch(this.panel.dataset.suggest, { method: "POST", body, signal: under.signal });
      if (!answer.ok || this.composing) return;
      this.asked = typed.toString();
      this.show((await answer.json()).suggestions);
    } catch {
      // Given up for what was typed since, or out of reach: the step after this one shows the articles, too.
    }
  }

  show(suggestions) {
    const before = [...this.list.children].map((item) => item.dataset.number).join();
    if (before === suggestions.map(({ number }) => number).join()) return;
    this.list.replaceChildren(...suggestions.map((one) => this.item(one)));
    this.panel.querySelector("[data-empty]").hidden = suggestions.length > 0;
    this.panel.querySelector("[data-lead]").hidden = !suggestions.length;
    this.status.textContent = this.panel.dataset.found.replace("0", suggestions.length);
    for (const button of this.form.querySelectorAll("[data-open]")) button.hidden = !suggestions.length && button.hidden;
  }

  item({ number, title, lang, url, about }) {
    const item = this.panel.querySelector("template").content.firstElementChild.cloneNode(true);
    item.dataset.number = number;
    item.querySelector("a").href = url;
    item.querySelector(".title").textContent = title;
    item.querySelector(".title").lang = lang;
    item.querySelector(".meta").textContent = about;
    item.querySelector("button").value = number;
    return item;
  }
}

/** Says before anything is sent that files are too many or too large: then nobody waits for nothing. */
function check({ target: field }) {
  const { most, mb, many, size } = field.dataset;
  const wrong = [...field.files].find((file) => !file.size || file.size > mb * 2 ** 20);
  field.setCustomValidity(field.files.length > most ? many : wrong ? size.replace("{name}", wrong.name) : "");
  field.reportValidity();
}

for (const field of document.querySelectorAll("input[data-mb]")) field.addEventListener("change", check);
clocks();
const panel = document.querySelector("[data-suggest].answers");
if (panel) new Answers(panel.closest("form"), panel);
