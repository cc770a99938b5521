// What a point's colour says, as the numbers that a picture is made of, and the legend of it.

import { splitWords } from "../javascript/text.js";

const SPLITS = [null, "train", "val", "test", "held_out"]; // as the route numbers them
const SPLIT_COLOURS = ["#999999", "#0072B2", "#E69F00", "#D55E00", "#CC79A7"];
const NONE_COLOUR = "#999999";
const NO_DOUBT = 255;
const QUARTER = 50; // of the 200 steps of a doubt
const DOUBTS = [
  ["below 25 %", "#0072B2"],
  ["25 to 50 %", "#56B4E9"],
  ["50 to 75 %", "#E69F00"],
  ["75 % and more", "#D55E00"],
];
const DIM = 0.14; // of a colour is left where a point is not in the list

/**
 * Ways to colour, by name: the words, whether the points have what it needs, and the groups. A
 * group's `where` is the filter that lists its images, if there is one.
 */
export const COLOURINGS = {
  label: { words: "Label", fits: () => true, make: byLabel },
  split: { words: "Split", fits: () => true, make: bySplit },
  doubt: {
    words: "Doubt of the label",
    fits: ({ doubts }) => doubts.some((each) => each !== NO_DOUBT),
    make: byDoubt,
  },
  answer: { words: "Answer of the run", fits: ({ answers }) => Boolean(answers), make: byAnswer },
};

function byLabel({ labels }, classes) {
  const groups = classGroups(classes, "not labelled", (label) => ({ label }));
  groups.get(0).where = { label: "none" };
  return { keys: labels, groups };
}

function byAnswer({ answers }, classes, run) {
  const groups = classGroups(classes, "not looked at", (predicted) => ({ predicted, run }));
  return { keys: answers, groups };
}

function classGroups(classes, none, where) {
  return new Map([
    [0, { words: none, colour: NONE_COLOUR }],
    ...classes.map(({ label_id: id, name, color }) => [
      id,
      { words: name, colour: color, where: where(id) },
    ]),
  ]);
}

function bySplit({ splits }) {
  const groups = SPLITS.map((split, code) => [
    code,
    { words: splitWords(split), colour: SPLIT_COLOURS[code], where: { split: split ?? "none" } },
  ]);
  return { keys: splits, groups: new Map(groups) };
}

function byDoubt({ doubts }) {
  const none = DOUBTS.length;
  const keys = doubts.map((each) =>
    each === NO_DOUBT ? none : Math.min(none - 1, Math.floor(each / QUARTER)),
  );
  const groups = DOUBTS.map(([words, colour], key) => {
    const where = {
      issue_min: key / none || null,
      issue_max: key + 1 < none ? (key + 1) / none : null,
    };
    return [key, { words, colour, where }];
  });
  return { keys, groups: new Map([...groups, [none, { words: "not judged", colour: "#999999" }]]) };
}

/** The number of each point's colour, and the groups that there are, the largest first. */
export function colourPoints({ keys, groups }, matching, ground) {
  const bright = new Map();
  const dim = new Map();
  const counts = new Map();
  const numbers = new Uint32Array(keys.length);
  for (let i = 0; i < keys.length; i += 1) {
    const key = groups.has(keys[i]) ? keys[i] : 0; // a class that is retired
    const known = matching[i] ? bright : dim;
    let number = known.get(key);
    if (number === undefined) {
      const colour = readColour(groups.get(key).colour);
      number = toNumber(matching[i] ? colour : mix(colour, ground));
      known.set(key, number);
    }
    numbers[i] = number;
    if (matching[i]) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const legend = [...counts]
    .map(([key, count]) => ({ ...groups.get(key), count }))
    .sort((a, b) => b.count - a.count);
  return { numbers, legend };
}

/** "#rrggbb" or "rgb(r, g, b)" as three numbers. */
export function readColour(text) {
  if (text.startsWith("#")) return [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
  return (text.match(/[\d.]+/g) ?? [255, 255, 255]).slice(0, 3).map(Number);
}

function mix(colour, ground) {
  return colour.map((part, i) => Math.round(DIM * part + (1 - DIM) * ground[i]));
}

/** As little-endian machines keep the bytes red, green, blue, opaque. */
function toNumber([red, green, blue]) {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
