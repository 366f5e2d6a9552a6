// Run in the page. Gives the list of what is wrong with its layout, as sentences.
// Options: text (px), target, language (px: least sizes), gap (px), ratio (text contrast), controls (contrast of borders).
(want) => {
  const faults = [];
  // Nothing moves between the first measure and the last section: each thing is measured once.
  const once = (measure) => {
    const known = new Map();
    return (key) => known.get(key) ?? known.set(key, measure(key)).get(key);
  };
  const name = (el) => `<${el.tagName.toLowerCase()} ${el.className.baseVal ?? el.className}> "${(el.textContent || "").trim().slice(0, 24)}"`;
  scrollTo(0, 0); // where a strip that stays stands over nothing
  const shown = (el) => el.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !el.closest("[aria-hidden]");
  // What is stuck to the screen's edge is judged where it stands when the page is scrolled to its end.
  for (const el of document.querySelectorAll(".buttons, .buttons > *")) el.style.position = "static";
  const aids = document.querySelector(".aids");
  if (aids && getComputedStyle(aids).position === "fixed") {
    document.body.append(aids); // the head it belongs to has a position of its own
    document.body.style.position = "relative";
    aids.style.position = "absolute";
  }

  // -- no sideways scroll
  const root = document.scrollingElement;
  const windowBox = { top: 0, bottom: innerHeight };
  if (root.scrollWidth > innerWidth) faults.push(`scrolls sideways: ${root.scrollWidth} > ${innerWidth}`);

  // -- text: size, lines, edges, contrast
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const el = node.parentElement;
    if (node.data.trim() && shown(el) && !el.closest("script, svg, noscript") && getComputedStyle(el).clipPath === "none") texts.push(node);
  }
  const style = once((el) => getComputedStyle(el));
  const boxOf = once((el) => el.getBoundingClientRect());
  const charactersOf = once((node) => {
    const range = document.createRange();
    let at = 0;
    return [...node.data].map((character) => {
      range.setStart(node, at);
      at += character.length;
      range.setEnd(node, at);
      return { character, node, place: range.getClientRects()[0] || range.getBoundingClientRect() };
    });
  });
  const lineBoxes = once((node) => {
    const lines = [];
    for (const { character, place: box } of charactersOf(node)) {
      if (!character.trim() || !box.width) continue;
      const last = lines[lines.length - 1];
      if (last && Math.abs(last.middle - (box.top + box.bottom) / 2) < box.height / 2) {
        last.text += character;
        last.left = Math.min(last.left, box.left);
        last.right = Math.max(last.right, box.right);
      } else lines.push({ text: character, middle: (box.top + box.bottom) / 2, left: box.left, right: box.right, top: box.top, bottom: box.bottom });
    }
    return lines;
  });
  const cut = once((el) => {
    for (let at = el; at; at = at.parentElement) if (style(at).webkitLineClamp !== "none") return true;
    return Boolean(el.closest(".news b"));
  });
  for (const node of texts) {
    const el = node.parentElement;
    const size = parseFloat(style(el).fontSize);
    if (size < want.text) faults.push(`text of ${size} px, not ${want.text}: ${name(el)}`);
    const lines = lineBoxes(node);
    for (const { index } of el.closest("[lang]")?.lang === "en" ? node.data.matchAll(/[“”‘’]/g) : []) {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + 1);
      if (range.getBoundingClientRect().width > 0.7 * size) faults.push(`a quotation mark as wide as a Chinese character: ${name(el)}`);
    }
    const length = [...node.data.trim()].length;
    if (lines.length > 2 && length / lines.length < 2 && !cut(el)) faults.push(`one character a line: ${name(el)}`);
    for (const line of cut(el) ? [] : lines) { // cut on purpose, with an ellipsis
      if (line.left < 0 || line.right > innerWidth + 0.5) faults.push(`text runs off the screen: ${name(el)}`);
      const box = boxOf(el);
      if (style(el).display !== "inline" && (line.left < box.left - 1 || line.right > box.right + 1)) faults.push(`text runs out of its box: ${name(el)}`);
    }
    const ratio = contrast(colour(style(el).color), behind(el));
    if (ratio < want.ratio) faults.push(`contrast ${ratio.toFixed(2)}: ${name(el)}`);
    // what holds the text holds all of it, and the window all that does not scroll
    const around = cut(el) ? [] : [el.closest("a, button, summary"), el.closest(".stay, .away") && root, ...clippers(el)];
    for (const box of around.filter(Boolean).map((each) => (each === root ? windowBox : boxOf(each))))
      for (const line of inks(node, lines)) if (line.top < box.top - 1 || line.bottom > box.bottom + 1) faults.push(`text out of what holds it: ${name(el)}`);
  }
  function clippers(el) {
    const found = [];
    for (let at = el; at && at !== document.body; at = at.parentElement) if (style(at).overflowY === "hidden") found.push(at);
    return found;
  }
  // the height of a line's characters, without the room that the typeface leaves above and below them
  function inks(node, lines) {
    const half = 0.42 * parseFloat(style(node.parentElement).fontSize);
    return lines.map((line) => ({ ...line, top: line.middle - half, bottom: line.middle + half }));
  }
  const written = texts.filter((node) => !cut(node.parentElement)).flatMap((node) => inks(node, lineBoxes(node)).map((line) => ({ ...line, node })));
  const layer = (line) => line.node.parentElement.closest(".away"); // opaque: it covers what is below on purpose
  written.forEach((one, i) => {
    for (const other of written.slice(0, i))
      if (one.node !== other.node && Math.min(one.right, other.right) - Math.max(one.left, other.left) > 2 && Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 2 && layer(one) === layer(other))
        faults.push(`${JSON.stringify(one.text)} is written over ${JSON.stringify(other.text)}: ${name(one.node.parentElement)}`);
  });

  for (const el of document.querySelectorAll(".card-arrow")) {
    const arrow = el.getBoundingClientRect(), title = el.parentElement.querySelector(".title");
    for (const line of texts.filter((node) => title?.contains(node)).flatMap((node) => inks(node, lineBoxes(node))))
      if (line.right > arrow.left && line.left < arrow.right && line.top < arrow.bottom && line.bottom > arrow.top) faults.push(`under the arrow: ${name(title)}`);
  }

  // -- blocks of text: their characters with their places, and where the block allows a line to end
  const blocksOfText = new Map();
  for (const node of texts) {
    let block = node.parentElement;
    while (style(block).display === "inline") block = block.parentElement;
    blocksOfText.set(block, [...(blocksOfText.get(block) || []), node]);
  }
  const han = /[\u3400-\u9fff]/;
  const apart = (one, other) => Math.abs(one.top + one.bottom - other.top - other.bottom) > 1.2 * Math.max(one.height, other.height);
  for (const [block, nodes] of blocksOfText) {
    const characters = nodes.flatMap(charactersOf);
    // a number stands on one line
    const text = characters.map((each) => each.character).join("");
    for (const found of text.matchAll(/[−-]?\u2060?¥\s?\d[\d,]*(\.\d+)?|\d[\d,.]*\d/g)) {
      if (found[0].length > 13) continue; // a number by which something is filed, not an amount
      const places = characters.slice(found.index, found.index + found[0].length).map((each) => each.place).filter((place) => place.width);
      if (places.some((place) => apart(place, places[0]))) faults.push(`a number broken in two, ${found[0]}: ${name(block)}`);
    }
    for (const found of text.matchAll(/[a-z]{2,20}/gi)) {
      if (/[a-z]/i.test((text[found.index - 1] || "") + (text[found.index + found[0].length] || ""))) continue;
      const letters = characters.slice(found.index, found.index + found[0].length);
      if (block.closest(".wire") || letters.some((each) => each.node !== letters[0].node)) continue; // an address; two elements
      const places = letters.map((each) => each.place).filter((place) => place.width);
      if (!cut(block) && places.some((place) => apart(place, places[0]))) faults.push(`a word broken in two, ${found[0]}: ${name(block)}`);
    }
    if (cut(block) || /[a-z]{30}/i.test(text)) continue; // a word that no screen holds may break anywhere
    // a line ends between phrases: between two text nodes, or beside a space or a punctuation mark
    const shows = characters.filter((each) => each.character.trim() && each.place.width);
    let last = "";
    shows.forEach((each, i) => {
      const before = shows[i - 1];
      const ends = before && apart(before.place, each.place);
      if (ends && document.documentElement.lang !== "en" && before.node === each.node && han.test(before.character) && han.test(each.character)) faults.push(`a phrase broken in two, ${text.trim()}: ${name(block)}`);
      last = ends ? each.character : last + each.character;
    });
    if (last.length < shows.length && last.replace(/[\p{P}\s]/gu, "").length < 2) faults.push(`a character alone on the last line, ${JSON.stringify(last)}: ${name(block)}`);
  }

  // -- what cannot be used now looks so
  for (const el of document.querySelectorAll(":is(a, button):is([disabled], [aria-disabled=true])")) {
    const look = () => ["backgroundColor", "boxShadow", "borderTopColor", "borderBottomColor", "fontWeight", "opacity"].map((each) => getComputedStyle(el)[each]).join();
    const before = look(), was = [el.getAttribute("aria-disabled"), el.disabled];
    el.removeAttribute("aria-disabled");
    el.disabled = false;
    if (shown(el) && look() === before) faults.push(`looks as if it could be used: ${name(el)}`);
    if (was[0]) el.setAttribute("aria-disabled", was[0]);
    el.disabled = was[1];
  }

  // -- what is touched: size, distance, border
  const targets = [...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea")].filter(shown);
  const boxes = targets.map(boxOf);
  targets.forEach((el, i) => {
    const least = el.closest(".languages, .tools, .news") ? want.language : want.target;
    const { width, height } = boxes[i];
    if (width < least - 0.5 || height < least - 0.5) faults.push(`target of ${width.toFixed(0)} x ${height.toFixed(0)} px, not ${least}: ${name(el)}`);
    if (boxes[i].left < 8 || boxes[i].right > innerWidth - 8) faults.push(`reaches to the edge of the screen: ${name(el)}`);
    for (let j = 0; j < i; j++) {
      const a = boxes[i], b = boxes[j];
      const apart = Math.max(a.left - b.right, b.left - a.right, a.top - b.bottom, b.top - a.bottom);
      if (apart < want.gap - 0.5) faults.push(`${apart.toFixed(1)} px between ${name(el)} and ${name(targets[j])}`);
    }
    if (!el.matches("[disabled], [aria-disabled=true]") && el.matches(".button, .pick, .key, .choice, .projects a, .ask a")) {
      const around = behind(el.parentElement);
      const ratio = Math.max(...edges(style(el)).map((each) => contrast(each, around)));
      if (ratio < want.controls) faults.push(`edge contrast ${ratio.toFixed(2)}: ${name(el)}`);
    }
  });

  // -- the tab of a drill stands in the margin, over no text
  const tab = document.querySelector(".tab");
  const margin = tab && shown(tab.closest("body")) && tab.getBoundingClientRect();
  if (margin && margin.width && Math.max(...[...tab.children].map((each) => each.getBoundingClientRect().bottom)) > margin.bottom + 1) faults.push("text out of the tab");
  for (const node of margin && margin.width ? texts : []) {
    if (tab.contains(node)) continue;
    for (const line of lineBoxes(node)) if (line.right > margin.left && line.bottom > margin.top && line.top < margin.bottom) faults.push(`under the tab: ${name(node.parentElement)}`);
  }

  // -- "back" is as large as "give"
  const buttons = targets.filter((el) => el.matches(".buttons > .button"));
  const main = buttons.find((el) => el.matches(".main"));
  for (const el of buttons) {
    const a = boxOf(el), b = main && boxOf(main);
    if (b && a.top === b.top && (Math.abs(a.height - b.height) > 1 || a.width < b.width - 1)) faults.push(`smaller than ${name(main)}: ${name(el)}`);
  }

  // -- no block of text over another
  const blocks = [...document.querySelectorAll("main :is(h1, p, dt, dd, a, button, img), header :is(p, a, button), .drill, .news a")]
    .filter((el) => shown(el) && getComputedStyle(el).clipPath === "none" && el.textContent.trim() + el.src);
  blocks.forEach((el, i) => {
    for (let j = 0; j < i; j++) {
      const other = blocks[j];
      const a = boxOf(el), b = boxOf(other);
      if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1 && !el.contains(other) && !other.contains(el))
        faults.push(`${name(el)} lies over ${name(other)}`);
    }
  });

  // -- where a link leads to on the page, no banner covers its heading
  const strips = [...document.querySelectorAll(".drill, .away, .masthead")].filter(shown);
  for (const el of document.querySelectorAll("main [id]:is(section, article, h1, h2)")) {
    el.scrollIntoView();
    const heading = el.matches("h1, h2") ? el : el.querySelector("h1, h2");
    const box = heading && heading.getBoundingClientRect();
    for (const strip of box && shown(heading) ? strips : []) if (strip.getBoundingClientRect().bottom > box.top + 1 && strip.getBoundingClientRect().top < box.bottom) faults.push(`${name(strip)} lies over ${name(heading)}`);
  }
  scrollTo(0, 0);

  // -- the code, where there is one, is large enough to be read from an arm's length
  const code = document.querySelector(".code svg");
  if (code && shown(code) && code.getBoundingClientRect().width < 240) faults.push(`code of ${code.getBoundingClientRect().width} px`);
  return faults;

  function colour(text) {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  }
  // What shows where a control ends: its surface, its edge, and the ledge or foot that it stands on.
  function edges(look) {
    const shadows = look.boxShadow.match(/rgba?\([^)]*\)/g) || [];
    const foot = parseFloat(look.borderBottomWidth) > 0 ? [look.borderBottomColor] : [];
    return [look.backgroundColor, ...shadows, ...foot].map(colour).filter((each) => each.a === 1);
  }
  // The first opaque background.
  function behind(el) {
    for (let at = el; at; at = at.parentElement) {
      const background = colour(style(at).backgroundColor);
      if (background.a === 1) return background;
    }
    return { r: 255, g: 255, b: 255, a: 1 };
  }
  function contrast(one, other) {
    const light = ({ r, g, b }) => {
      const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const [a, b] = [light(one), light(other)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  }
}
