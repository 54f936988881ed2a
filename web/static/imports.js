// Says at once that a file is too large, and follows an import until its state is another.
const form = document.querySelector("form[data-upload]");
form?.elements.file.addEventListener("change", () => {
  const file = form.elements.file.files[0];
  const wrong = form.querySelector("[data-wrong]");
  const over = file && file.size > Number(form.dataset.max);
  wrong.hidden = !over;
  wrong.textContent = over ? form.dataset.tooLarge : "";
  form.elements.file.setCustomValidity(wrong.textContent);
});

const working = document.querySelector("[data-follow]");
const bar = working?.querySelector("progress");

async function look() {
  try {
    const answer = await fetch(working.dataset.follow, { headers: { Accept: "application/json" } });
    if (!answer.ok) return location.reload();
    const job = await answer.json();
    if (job.state !== working.dataset.state) return location.reload();
    if (job.total) {
      bar.max = job.total;
      bar.value = job.done;
    } else bar.removeAttribute("value");
    working.querySelector("[data-left]").textContent = job.left ?? "";
  } catch {
    // The server may be restarting: the next look will tell.
  }
  setTimeout(look, 1000);
}

if (working) setTimeout(look, 700);
