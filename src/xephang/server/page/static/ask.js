// Ask the server, with the API key where one was given; and the words that scripts say.

const KEY = "xephang.key";
const words = JSON.parse(document.body.dataset.words);

export function say(name, filled = {}) {
  return words[name].replace(/\{(\w+)\}/g, (_, key) => String(filled[key]));
}

export function keepKey(key) {
  sessionStorage.setItem(KEY, key);
}

export function hasKey() {
  return Boolean(sessionStorage.getItem(KEY));
}

export function ask(url, { headers = {}, ...options } = {}) {
  const key = sessionStorage.getItem(KEY);
  const sent = key ? { ...headers, Authorization: `Bearer ${key}` } : headers;
  return fetch(url, { cache: "no-store", credentials: "same-origin", ...options, headers: sent });
}

// The server's own words on why it refused.
export async function reason(answer) {
  try {
    return (await answer.json()).message;
  } catch {
    return String(answer.status);
  }
}

// Tell screen readers, after what they are just saying.
export function tell(text) {
  document.getElementById("said").textContent = text;
}

// Show a trouble to everybody; an empty text takes it away.
export function trouble(text) {
  const shown = document.getElementById("trouble");
  shown.textContent = text;
  shown.hidden = !text;
}
