"use strict";
(() => {
  // Tables are readable without this. It sorts, filters, opens rows, and draws only the rows in
  // sight, so that 20,000 of them stay quick. Text is only ever set as text.
  const VIRTUAL_FROM = 301;
  const PRINTED_AT_MOST = 2000;
  const TONES = ["bad", "warn", "doubt", "quiet", "done", "good"];
  const read = (name) => JSON.parse(document.getElementById("data-" + name).textContent);
  const MARKS = read("marks");
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const numbers = new Intl.NumberFormat("en-GB");
  const mark = (state) => MARKS[state] || ["?", "doubt", state];
  const rank = (state) => TONES.indexOf(mark(state)[1]);
  const standing = (value) => {
    const cut = value.lastIndexOf(" ");
    return [value.slice(0, cut), value.slice(cut + 1)];
  };
  const duration = (s) =>
    s < 120 ? s + " s"
      : s < 7200 ? Math.floor(s / 60) + " min"
        : s < 172800 ? Math.floor(s / 3600) + " h"
          : numbers.format(Math.floor(s / 86400)) + " d";

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function reader(column) {
    if (Array.isArray(column)) return (row) => column[row];
    if (column.d) {
      const value = reader(column.d);
      return (row) => value(column.i[row]);
    }
    return (row) => column.p[column.i[row]] + column.v[row];
  }

  const idly = window.requestIdleCallback || ((work) => setTimeout(work, 50));

  function markedText(state, after) {
    const [sign, tone, word] = mark(state);
    const whole = element("span", "mark tone-" + tone);
    const shape = element("span", "sign", sign);
    shape.setAttribute("aria-hidden", "true");
    whole.append(shape, " " + word);
    if (after) whole.append(" ", element("span", "of", after));
    return whole;
  }

  function content(value, kind) {
    if (value === null || value === "") return "";
    if (kind === "int") return numbers.format(value);
    if (kind === "seconds") return duration(value);
    if (kind === "state") return markedText(value);
    if (kind === "standing") return markedText(...standing(value));
    if (kind === "id" || kind === "digest") return element("code", "", value);
    if (kind === "time") {
      const time = element("time", "", value.slice(0, 16).replace("T", " "));
      time.dateTime = value;
      return time;
    }
    return value;
  }

  class Table {
    constructor(root) {
      this.root = root;
      this.name = root.dataset.table;
      this.data = read(this.name);
      this.scroll = root.querySelector(".scroll");
      this.table = root.querySelector("table");
      this.body = this.table.tBodies[0];
      this.cells = this.data.cells.map(reader);
      this.shown = this.data.columns.flatMap((column, i) => (column.shown ? [i] : []));
      this.opener = this.shown.find((i) => this.data.columns[i].kind === "text");
      this.hasDetails = this.data.columns.some((column) => !column.shown);
      this.virtual = this.data.rows >= VIRTUAL_FROM;
      this.order = Array.from({ length: this.data.rows }, (_, i) => i);
      this.sorted = null;
      this.facets = new Map();
      this.words = [];
      this.addTools();
      this.addSorting();
      if (this.virtual) {
        this.makeVirtual();
        idly(() => this.warm());
      }
      root.querySelector(".more")?.remove();
      this.draw();
    }

    addTools() {
      const tools = element("div", "tools");
      const input = element("input");
      input.type = "search";
      input.placeholder = "Filter";
      input.setAttribute("aria-label", "Filter: " + this.table.caption.textContent);
      input.addEventListener("input", () => {
        this.words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
        this.filter();
      });
      tools.append(input);
      this.data.columns.forEach((column, i) => {
        if (column.facet) this.addFacet(tools, column, i);
      });
      this.output = element("output");
      this.output.setAttribute("aria-live", "polite");
      tools.append(this.output);
      this.root.prepend(tools);
    }

    addFacet(tools, column, i) {
      const counts = new Map();
      for (let row = 0; row < this.data.rows; row++) {
        const value = this.cells[i](row);
        counts.set(value, (counts.get(value) || 0) + 1);
      }
      if (counts.size < 2 || counts.size > 60) return;
      const select = element("select");
      select.setAttribute("aria-label", column.label);
      select.append(new Option(column.label + ": all", "all"));
      const values = [...counts.keys()].sort(collator.compare);
      values.forEach((value, place) => {
        const word = column.kind === "state" ? mark(value)[2] : value || "not told";
        select.append(new Option(`${word} (${numbers.format(counts.get(value))})`, String(place)));
      });
      select.addEventListener("change", () => {
        if (select.value === "all") this.facets.delete(i);
        else this.facets.set(i, values[Number(select.value)]);
        this.filter();
      });
      tools.append(select);
    }

    addSorting() {
      [...this.table.tHead.rows[0].cells].forEach((head, place) => {
        const button = element("button", "sort", head.textContent);
        button.type = "button";
        button.title = "Sort by " + this.data.columns[this.shown[place]].label.toLowerCase();
        button.addEventListener("click", () => this.sort(this.shown[place], head));
        head.replaceChildren(button);
      });
    }

    makeVirtual() {
      const group = element("colgroup");
      for (const i of this.shown) group.append(element("col", "k-" + this.data.columns[i].kind));
      this.table.caption.after(group);
      this.scroll.classList.add("virtual");
      this.table.setAttribute("aria-rowcount", String(this.data.rows + 1));
      let waiting = false;
      this.scroll.addEventListener("scroll", () => {
        if (waiting) return;
        waiting = true;
        requestAnimationFrame(() => { waiting = false; this.drawWindow(); });
      }, { passive: true });
    }

    // Which rows hold a word, column by column: what repeats is looked at once.
    hits(word) {
      const hits = new Uint8Array(this.data.rows);
      this.data.cells.forEach((column, i) => this.mark(hits, word, column, i));
      return hits;
    }

    mark(hits, word, column, i) {
      if (Array.isArray(column)) {
        const lower = this.lowered(i, column);
        for (let row = 0; row < hits.length; row++) if (lower[row].includes(word)) hits[row] = 1;
      } else if (column.d) {
        const value = reader(column.d);
        const found = new Map();
        for (let row = 0; row < hits.length; row++) {
          const place = column.i[row];
          if (!found.has(place)) found.set(place, value(place).toLowerCase().includes(word));
          if (found.get(place)) hits[row] = 1;
        }
      } else if (word.includes("/")) {
        const value = reader(column);
        for (let row = 0; row < hits.length; row++) {
          if (!hits[row] && value(row).toLowerCase().includes(word)) hits[row] = 1;
        }
      } else {
        const starts = column.p.map((start) => start.toLowerCase().includes(word));
        const ends = this.lowered(i, column.v);
        for (let row = 0; row < hits.length; row++) {
          if (starts[column.i[row]] || ends[row].includes(word)) hits[row] = 1;
        }
      }
    }

    lowered(i, values) {
      this.lower ||= [];
      return (this.lower[i] ||= values.map((v) => (v === null ? "" : String(v).toLowerCase())));
    }

    // So that the first key pressed is as quick as the next.
    warm(i = 0) {
      if (i === this.data.cells.length) return;
      const column = this.data.cells[i];
      if (Array.isArray(column)) this.lowered(i, column);
      else if (column.v) this.lowered(i, column.v);
      idly(() => this.warm(i + 1));
    }

    matches(row, hits) {
      for (const [i, value] of this.facets) if (this.cells[i](row) !== value) return false;
      return hits.every((found) => found[row]);
    }

    filter() {
      const hits = this.words.map((word) => this.hits(word));
      this.order = [];
      for (let row = 0; row < this.data.rows; row++) {
        if (this.matches(row, hits)) this.order.push(row);
      }
      this.arrange();
      this.scroll.scrollTop = 0;
      this.draw();
    }

    sort(i, head) {
      const down = this.sorted?.i === i && !this.sorted.down;
      this.sorted = { i, down };
      for (const cell of this.table.tHead.rows[0].cells) cell.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      this.arrange();
      this.draw();
    }

    arrange() {
      if (!this.sorted) return;
      const { i, down } = this.sorted;
      const kind = this.data.columns[i].kind;
      const cell = this.cells[i];
      const compare = {
        int: (a, b) => a - b,
        seconds: (a, b) => a - b,
        time: (a, b) => (a < b ? -1 : a > b ? 1 : 0),
        state: (a, b) => rank(a) - rank(b) || collator.compare(a, b),
        standing: (a, b) =>
          rank(standing(a)[0]) - rank(standing(b)[0]) || collator.compare(a, b),
      }[kind] || collator.compare;
      const sign = down ? -1 : 1;
      const empty = (value) => value === null || value === "";
      // What is not told comes last, whichever way the rest is sorted.
      this.order.sort((a, b) => {
        const x = cell(a), y = cell(b);
        if (empty(x) || empty(y)) return empty(x) - empty(y) || a - b;
        return sign * compare(x, y) || a - b;
      });
    }

    row(row, place) {
      const line = element("tr");
      const anchor = this.data.anchors[row];
      if (anchor && this.name === "items") line.id = anchor;
      if (this.virtual) line.setAttribute("aria-rowindex", String(place + 2));
      for (const i of this.shown) {
        const { kind, label } = this.data.columns[i];
        const value = this.cells[i](row);
        const cell = element(i === this.shown[0] ? "th" : "td", "k-" + kind);
        if (i === this.shown[0]) cell.scope = "row";
        else cell.dataset.label = label;
        if (kind === "standing" && value) {
          const [, tone, word] = mark(standing(value)[0]);
          cell.classList.add("cell-" + tone, "is-" + word.replaceAll(" ", "-"));
        }
        if (i === this.opener && (this.hasDetails || anchor)) cell.append(this.link(row, value));
        else if (kind === "text" && this.hasDetails) cell.append(element("span", "clamp", value));
        else cell.append(content(value, kind));
        line.append(cell);
      }
      return line;
    }

    link(row, value) {
      const anchor = this.data.anchors[row];
      const made = element(anchor ? "a" : "button", "open-row", value || "details");
      if (anchor) made.href = "#" + anchor;
      else made.type = "button";
      made.addEventListener("click", (event) => {
        if (anchor && this.name !== "items" && document.getElementById(anchor)) return;
        event.preventDefault();
        this.open(row);
      });
      return made;
    }

    draw() {
      const all = this.order.length === this.data.rows;
      const shown = numbers.format(this.order.length);
      this.output.textContent = all
        ? shown + (this.data.rows === 1 ? " row" : " rows")
        : `${shown} of ${numbers.format(this.data.rows)} rows`;
      if (this.virtual) this.drawWindow(true);
      else this.body.replaceChildren(...this.order.map((row, place) => this.row(row, place)));
    }

    drawWindow(anew) {
      this.height ||= this.measure();
      const inSight = Math.ceil(this.scroll.clientHeight / this.height);
      const first = Math.max(0, Math.floor(this.scroll.scrollTop / this.height) - 10);
      const last = Math.min(this.order.length, first + inSight + 30);
      if (!anew && first === this.first && last === this.last) return;
      this.first = first;
      this.last = last;
      this.body.replaceChildren(
        this.pad(first),
        ...this.order.slice(first, last).map((row, n) => this.row(row, first + n)),
        this.pad(this.order.length - last),
      );
    }

    measure() {
      this.body.replaceChildren(this.row(this.order[0] ?? 0, 0));
      return this.body.rows[0].getBoundingClientRect().height || 40;
    }

    pad(rows) {
      const line = element("tr", "pad");
      line.setAttribute("aria-hidden", "true");
      const cell = element("td");
      cell.colSpan = this.shown.length;
      cell.style.height = rows * (this.height || 0) + "px";
      line.append(cell);
      return line;
    }

    open(row) {
      const list = element("dl", "facts");
      this.data.columns.forEach((column, i) => {
        const value = this.cells[i](row);
        if (value === null || value === "") return;
        const line = element("div");
        const told = element("dd");
        told.append(content(value, column.kind));
        line.append(element("dt", "", column.label), told);
        list.append(line);
      });
      details.show(this.cells[this.opener](row), list, this.data.anchors[row]);
    }

    find(anchor) {
      const row = this.data.anchors.indexOf(anchor);
      if (row < 0) return false;
      this.open(row);
      return true;
    }

    beforePrint() {
      if (!this.virtual) return;
      const rows = this.order.slice(0, PRINTED_AT_MOST).map((row, place) => this.row(row, place));
      this.body.replaceChildren(...rows);
      if (this.order.length > PRINTED_AT_MOST) {
        const kept = numbers.format(PRINTED_AT_MOST);
        const note = `${kept} of ${numbers.format(this.order.length)} rows are printed.`;
        this.root.append(element("p", "more", note));
      }
    }

    afterPrint() {
      if (!this.virtual) return;
      this.root.querySelector(".more")?.remove();
      this.drawWindow(true);
    }
  }

  const details = {
    show(title, list, anchor) {
      this.dialog ||= this.make();
      this.title.textContent = title;
      this.list.replaceWith(list);
      this.list = list;
      setHash(anchor || "");
      this.dialog.showModal();
      this.dialog.scrollTop = 0;
    },
    make() {
      const dialog = element("dialog");
      const header = element("header");
      const close = element("button", "", "Close");
      close.type = "button";
      this.title = element("h3");
      this.title.id = "details-title";
      this.list = element("dl", "facts");
      dialog.setAttribute("aria-labelledby", this.title.id);
      close.addEventListener("click", () => dialog.close());
      dialog.addEventListener("click", (event) => {
        if (event.target === dialog) dialog.close();
      });
      dialog.addEventListener("close", () => setHash(""));
      header.append(this.title, close);
      dialog.append(header, this.list);
      document.body.append(dialog);
      return dialog;
    },
  };

  function setHash(anchor) {
    const bare = location.href.split("#")[0];
    history.replaceState(null, "", anchor ? bare + "#" + anchor : bare);
  }

  const tables = [...document.querySelectorAll("[data-table]")].map((root) => new Table(root));

  function follow() {
    const anchor = decodeURIComponent(location.hash.slice(1));
    if (!anchor) return;
    const target = document.getElementById(anchor);
    if (target?.localName === "details") {
      target.open = true;
      target.scrollIntoView();
    } else if (!target || target.localName === "tr") {
      tables.some((table) => table.find(anchor));
    }
  }
  addEventListener("hashchange", follow);

  const pages = [...document.querySelectorAll("details.workload")];
  if (pages.length > 1) {
    const button = element("button", "open-all");
    button.type = "button";
    const name = () => {
      button.textContent = pages.every((page) => page.open) ? "Close all" : "Open all";
    };
    button.addEventListener("click", () => {
      const open = !pages.every((page) => page.open);
      for (const page of pages) page.open = open;
      name();
    });
    name();
    pages[0].before(button);
  }

  const links = new Map([...document.querySelectorAll("nav a")].map((a) => [a.hash.slice(1), a]));
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      for (const link of links.values()) link.removeAttribute("aria-current");
      links.get(entry.target.id)?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-10% 0px -80% 0px" });
  for (const id of links.keys()) {
    const target = document.getElementById(id);
    if (target) watcher.observe(target);
  }

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = pages.filter((page) => !page.open);
    for (const page of closed) page.open = true;
    for (const table of tables) table.beforePrint();
  });
  addEventListener("afterprint", () => {
    for (const page of closed) page.open = false;
    for (const table of tables) table.afterPrint();
  });
  follow();
})();
