// What Streamlit calls: at first and again whenever the page sends other data.

import { Client } from "../javascript/client.js";
import { Feed } from "./feed.js";
import { View } from "./view.js";

const mounted = new WeakMap();
const zooms = new Map(); // by run and attempt: a chart that is drawn elsewhere keeps its zoom

function open(parentElement, data, setTriggerValue) {
  const root = parentElement.querySelector(".live");
  const view = new View(root);
  const client = new Client(data.workspace);
  client.askForToken = () => setTriggerValue("token", Date.now());
  const feed = new Feed(root, {
    client,
    onTrouble: (text) => view.showTrouble(text),
    onSteps: (answer) => {
      view.steps.begin(answer);
      feed.afterStep = view.steps.last;
      view.draw();
      view.onZoom();
    },
    onAnswer: (answer) => {
      view.append(answer.epochs);
      view.steps.append(answer.points, answer.last_step);
      view.isFinal = answer.is_finished;
      view.total = answer.total_epochs || view.total;
      feed.after = view.lastEpoch;
      feed.afterStep = view.steps.last;
      feed.isEnded = answer.is_finished;
      view.showProgress(answer);
      view.draw();
    },
  });
  view.onZoom = () => refine(view, feed);
  return { view, feed, client };
}

/** Ask for all steps of the part that is in view, of which the whole run shows a summary. */
async function refine(view, feed) {
  const part = view.stepsInView();
  if (!part || view.steps.isNear(part.first, part.last)) return;
  const { attempt, zoom } = view;
  try {
    const answer = await feed.client.get(`${feed.path}/series`, part);
    if (view.attempt !== attempt || view.zoom !== zoom) return;
    view.steps.refine(answer.series, part.first, part.last);
    view.draw();
  } catch {
    /* the summary stays, and the next zoom asks again */
  }
}

export default function ({ parentElement, data, setTriggerValue }) {
  if (!mounted.has(parentElement)) {
    mounted.set(parentElement, open(parentElement, data, setTriggerValue));
  }
  const { view, feed, client } = mounted.get(parentElement);
  const attempt = `${data.run_id}/${data.attempt}`;
  const isBegun = view.attempt === `${data.run_id}/`; // it waited; what was fetched since is of now
  if (view.attempt !== attempt && !isBegun) {
    view.reset([...data.epochs], zooms.get(attempt));
    feed.path = ""; // so that its steps are asked for
  } else if (data.epochs.length && data.epochs.at(-1).epoch > view.lastEpoch) {
    view.append(data.epochs.filter((entry) => entry.epoch > view.lastEpoch));
  }
  view.attempt = attempt;
  view.stages = data.stages;
  view.total = data.total_epochs;
  view.isFinal = data.is_finished;
  view.showProgress(data.progress);
  view.draw();
  client.workspace = data.workspace;
  client.setToken(data.token);
  feed.follow({
    path: `/runs/${data.run_id}`,
    after: view.lastEpoch,
    afterStep: view.steps.last,
    isEnded: data.is_finished,
  });
  return () => {
    zooms.set(attempt, view.zoom);
    feed.close();
    view.close();
    mounted.delete(parentElement);
  };
}
