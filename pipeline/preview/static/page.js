/* What HTML alone can't do: hear that something changed, and drag a list into order. All else is forms and htmx. */
(() => {
  "use strict";
  const main = () => document.getElementById("main");
  const turns = [];
  let waiting = false, asking = 0;

  // On a phone the pages' names scroll sideways: the one that is open is in sight.
  document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  // Nobody's half-written words are taken away: a field that differs from what was sent keeps the page as it is.
  const writing = () => {
    const field = document.activeElement;
    if (!field || !main()?.contains(field)) return false;
    return field.matches("textarea, input:not([type=checkbox], [type=radio])") && field.value !== field.defaultValue;
  };
  // A form that leads to another page stays as it was when she began to write in it, with the mark of what it showed.
  document.addEventListener("input", (change) => {
    const form = change.target.form;
    if (form && !form.hasAttribute("hx-post")) form.setAttribute("hx-morph-skip", "");
  });
  // Who closes or reloads the page is asked first when words of hers would be lost: those that she did not send yet.
  const sent = new WeakMap();
  document.addEventListener("submit", (sending) => { for (const one of sending.target.elements) sent.set(one, one.value); });
  const unsaved = (one) => one.value !== one.defaultValue && one.value !== sent.get(one);
  window.addEventListener("beforeunload", (leaving) => {
    const longer = [...document.querySelectorAll("#main form[method=post] textarea")];
    if (longer.some(unsaved) || (writing() && unsaved(document.activeElement))) leaving.preventDefault();
  });
  // What is no page of ours takes none away: the program has ended, was started anew, or met a fault of its own.
  const unanswered = (words, form) => {
    for (const one of form?.elements ?? []) sent.delete(one);
    document.querySelector(".unanswered")?.remove();
    const told = document.createElement("p");
    told.className = "notice errors unanswered";
    told.setAttribute("role", "alert");
    told.textContent = `${words.trim()} What stands on this page stays as it is, and so do your words.`;
    main()?.prepend(told);
    told.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("htmx:before:swap", (answer) => {
    const { swap, text, target, sourceElement } = answer.detail.ctx;
    // "none": the page shows all that there is to show (204).
    if (target !== main() || swap === "none") return;
    if (!text.includes('<main id="main"')) { answer.preventDefault(); unanswered(text, sourceElement); return; }
    // What she holds in her hand is not put back by a look that was under way.
    if (sourceElement === main() && document.querySelector(".dragged")) { answer.preventDefault(); waiting = true; }
  });
  // Where the button that was pressed is gone, the keys go on from what it stood in, and not from the page's top. What has
  // no name within may have become something else.
  let held = [];
  document.addEventListener("htmx:before:swap", () => {
    held = [];
    for (let one = document.activeElement; one && main()?.contains(one); one = one.parentElement) held.push(one);
    held = held.filter((one) => one.id || one.querySelector("[id]"));
  });
  document.addEventListener("htmx:after:swap", () => {
    if (document.activeElement !== document.body && !document.activeElement.disabled) return;
    const near = held.find((one) => one.isConnected && !one.disabled);
    near?.setAttribute("tabindex", "-1");
    near?.focus({ preventScroll: true });
  });
  document.addEventListener("htmx:error", (fault) => {
    const { target, sourceElement } = fault.detail.ctx ?? {};
    if (target === main()) unanswered("No answer came. Is `paperround preview` still running?", sourceElement);
  });
  const refresh = () => {
    if (asking || writing() || document.querySelector(".dragged")) { waiting = true; return; }
    waiting = false;
    htmx.trigger(main(), "refresh");
  };
  for (const name of ["files", "state"]) document.addEventListener(name, refresh);
  const soon = () => setTimeout(() => waiting && refresh(), 50);
  document.addEventListener("focusout", soon);
  document.addEventListener("htmx:before:request", () => { asking += 1; });
  document.addEventListener("htmx:finally:request", () => { asking -= 1; soon(); setTimeout(turn, 50); });

  // A list with data-order sends its form's "order" field, the ids of its members, when one was dragged elsewhere.
  document.addEventListener("pointerdown", (press) => {
    const handle = press.target.closest?.("[data-handle]");
    const item = handle?.closest("[data-id]");
    const list = item?.closest("[data-order]");
    if (!list || press.button) return;
    press.preventDefault();
    item.classList.add("dragged");
    const ids = () => [...list.querySelectorAll(":scope > [data-id]")].map((one) => one.dataset.id).join(",");
    const before = ids();
    const move = (at) => {
      const others = [...list.querySelectorAll(":scope > [data-id]:not(.dragged)")];
      const next = others.find((one) => { const box = one.getBoundingClientRect(); return at.clientY < box.top + box.height / 2; });
      if ((next ?? null) !== item.nextElementSibling) list.insertBefore(item, next ?? null);
    };
    const end = () => {
      document.removeEventListener("pointermove", move);
      document.removeEventListener("pointerup", end);
      document.removeEventListener("pointercancel", end);
      item.classList.remove("dragged");
      if (ids() === before) { soon(); return; }
      const form = document.getElementById(list.dataset.order);
      form.elements.order.value = ids();
      form.requestSubmit();
    };
    // On the document: an element that changes its place loses the pointer that was captured for it.
    document.addEventListener("pointermove", move);
    document.addEventListener("pointerup", end);
    document.addEventListener("pointercancel", end);
  });

  // The keys a writer's fingers know; in a field they keep their own meaning. Each press is about what the one before left.
  const turn = () => {
    if (asking) return;
    const form = turns.length ? document.getElementById(turns.shift()) : null;
    if (form) form.requestSubmit(); else turns.length = 0;
  };
  document.addEventListener("keydown", (press) => {
    if (!(press.ctrlKey || press.metaKey) || press.key.toLowerCase() !== "z" || press.target.matches?.("input, textarea")) return;
    press.preventDefault();
    turns.push(press.shiftKey ? "redo" : "undo");
    turn();
  });
})();
