// What a model says of an image. `row.suggestion` comes with the rows, when some run has
// predicted: {run, label_id, label_name, confidence, ...}, or null for an image it has not seen.
// The judging of labels says what a label looks like instead, with how likely it is wrong; its run
// is null, and rows are asked for it by the word "labels".

const JUDGING = "labels";
const OPINIONS = "opinions"; // people who say another class than the label
const IMPORTS = "imports"; // an import that says another; of several classes none is suggested

/** "0.93"; a model is never certain, and an import does not say how sure it is. */
export function formatConfidence(confidence) {
  if (confidence === null) return "";
  return confidence >= 0.995 ? ">0.99" : confidence.toFixed(2);
}

export const saysWords = ({ label_name: name, confidence }) =>
  `${name} ${formatConfidence(confidence)}`.trimEnd();

/** Who says it: "Run 12", or the judging of labels. */
export function whoSays(run) {
  if (run === OPINIONS) return "Another opinion";
  if (run === IMPORTS) return "The import";
  return run === null || run === JUDGING ? "The judging of labels" : `Run ${run}`;
}

/** Within a sentence: "model", "the import". */
export const speaker = (run) => (Number.isInteger(run) ? "model" : whoSays(run).toLowerCase());

/** "model says: dog 0.93 (run 12)", "the import says: dog" */
export function describeSaid(run, words) {
  const which = Number.isInteger(run) ? ` (${whoSays(run).toLowerCase()})` : "";
  return `${speaker(run)} says: ${words}${which}`;
}

/** Whether the model would have given another label than the image has. */
export function isDoubted(row) {
  return (
    Boolean(row.suggestion) && row.label_id !== null && row.suggestion.label_id !== row.label_id
  );
}

export class Suggestions {
  constructor({ classes, labels }) {
    Object.assign(this, { classes, labels });
    this.run = null; // whose predictions are asked for with the rows: a number, or JUDGING
  }

  /** What the model says of these images and they are not yet labelled, by class. */
  groups(targets) {
    const groups = new Map();
    for (const row of targets) {
      const labelId = row.suggestion?.label_id;
      if (labelId === undefined || labelId === row.label_id || !this.classes.get(labelId)) continue;
      groups.set(labelId, [...(groups.get(labelId) ?? []), row]);
    }
    return groups;
  }

  /**
   * Label each image as the model says: one operation a class, one step to undo. With `where`
   * all that match it, also those that were never loaded. How many labels were given here.
   */
  accept(targets, where) {
    const groups = this.groups(targets);
    const labelIds = where ? this.predictable(where) : [...groups.keys()];
    let count = 0;
    this.labels.together(() => {
      for (const labelId of labelIds) {
        const predicted = where && { ...this.restrict(where), [this.said]: labelId };
        const entry = this.labels.relabel(groups.get(labelId) ?? [], labelId, { where: predicted });
        count += entry?.ids.length ?? 0;
      }
    });
    return count;
  }

  /** The filter's field for what is said. */
  get said() {
    return this.run === JUDGING ? "suspected" : "predicted";
  }

  restrict(where) {
    return this.run === JUDGING ? where : { run: this.run, ...where };
  }

  predictable(where) {
    return where[this.said]
      ? [Number(where[this.said])]
      : this.classes.list.map((label) => label.label_id);
  }

  /** Why there was nothing to accept. */
  describeNothing(targets) {
    const open = targets.find((row) => row.suggestion && row.suggestion.label_id === null);
    if (open) return `The import says ${open.suggestion.label_name}: choose one of them.`;
    if (this.run === null) {
      return "No model has predicted these images yet. Train one first; it looks at all of them at its end.";
    }
    if (targets.some((row) => row.suggestion)) return null; // labelled as the model says already
    return `${whoSays(this.run)} has no prediction of ${targets.length > 1 ? "these images" : "this image"}.`;
  }
}
