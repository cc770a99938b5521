// Ids that nobody else makes: each operation has one.

/** 128 random bits as hex. crypto.randomUUID needs HTTPS, getRandomValues does not. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
