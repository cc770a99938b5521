// Small words for building elements. Text always goes in as text, never as HTML.

/** An element with properties, attributes (names with a dash, or role) and children. */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value == null) continue;
    if (name === "style") {
      for (const [k, v] of Object.entries(value)) element.style.setProperty(k, v);
    } else if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else element[name] = value;
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}
