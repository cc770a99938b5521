// The browser's own two small stores.

/** What is kept for this person in this browser; a browser that keeps nothing works as well. */
export const storage = {
  get(area, name, otherwise) {
    try {
      return JSON.parse(window[area].getItem(`vision-forge.${name}`)) ?? otherwise;
    } catch {
      return otherwise;
    }
  },
  set(area, name, value) {
    try {
      window[area].setItem(`vision-forge.${name}`, JSON.stringify(value));
    } catch {
      /* full or forbidden: the value lives as long as the page */
    }
  },
};
