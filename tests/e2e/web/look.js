// Looks at what is visible and lists what is wrong with it.
() => {
  const wrong = [];
  if (document.documentElement.scrollWidth > innerWidth) wrong.push(`page is ${document.documentElement.scrollWidth} px wide`);
  const number = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4)).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const colour = number(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  for (const e of document.querySelectorAll("body *")) {
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    if (style.visibility !== "visible" || !box.width || e.closest(".unseen, [hidden], svg")) continue;
    const what = `${e.tagName}.${e.className}#${e.id} "${e.textContent.trim().slice(0, 30)}"`;
    if (e.matches("button, a, input, textarea, video, audio, canvas, [role=progressbar]")) {
      const name = e.ariaLabel || e.textContent.trim() || e.labels?.[0]?.textContent;
      if (!name) wrong.push(`${what} has no name`);
      if (e.matches("button, a") && !e.closest("p") && (box.width < 44 || box.height < 44)) wrong.push(`${what} is ${Math.round(box.width)} x ${Math.round(box.height)}`);
    }
    if (e.matches("img") && !e.hasAttribute("alt")) wrong.push(`${what} has no alt`);
    if (style.animationName !== "none" || parseFloat(style.transitionDuration) > 0) wrong.push(`${what} moves`);
    const text = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (text) {
      const [a, b] = [light(number(style.color)), light(ground(e))].sort((x, y) => y - x);
      if ((a + 0.05) / (b + 0.05) < 4.5) wrong.push(`${what}: contrast ${((a + 0.05) / (b + 0.05)).toFixed(1)}`);
    }
  }
  return wrong;
}
