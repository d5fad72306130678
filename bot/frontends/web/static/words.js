// Sentences of the page itself, from the same catalogues as everything that the bot says.

let words = {};

export const word = (id, values = {}) => (words[id] ?? "").replace(/\{(\w+)\}/g, (_, name) => values[name]);

export async function speak(language) {
  const answer = await fetch(`/static/words-${language}.json`);
  if (!answer.ok) return;
  words = await answer.json();
  if (document.documentElement.lang === language) return;
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  for (const element of document.querySelectorAll("[data-word-label]")) element.ariaLabel = word(element.dataset.wordLabel);
  for (const element of document.querySelectorAll("[data-word-hint]")) element.placeholder = word(element.dataset.wordHint);
}
