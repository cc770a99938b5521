// The charts of a run: which numbers each shows, and how they are written.

import { bytesText, count, lossText, percent, powerText } from "./text.js";

const GIB = 2 ** 30;

/**
 * By the name of the chart: its title; the fields of an epoch, training first; the series of the
 * steps; how a value is told; what the axis counts in, and its limits in that unit.
 */
export const METRICS = {
  accuracy: {
    title: "Accuracy",
    fields: ["train_accuracy", "val_accuracy"],
    series: [],
    text: percent,
    unit: 0.01,
    limits: { ceiling: 100, smallest: 2 },
    axis: (value, digits) => percent(value, digits),
  },
  loss: {
    title: "Loss",
    fields: ["train_loss", "val_loss"],
    series: ["train_loss"],
    text: lossText,
    canBeLog: true,
  },
  learning_rate: {
    title: "Learning rate",
    series: ["learning_rate"],
    text: powerText,
    axis: powerText,
    limits: { smallest: 0 },
    canBeLog: true,
    isExact: true,
  },
  gradient_norm: {
    title: "Length of the gradient",
    series: ["gradient_norm"],
    text: lossText,
    canBeLog: true,
  },
  images_per_second: {
    title: "Images a second",
    series: ["images_per_second"],
    text: (value) => count(value),
    isExact: true,
  },
  memory: {
    title: "Memory, GiB",
    series: ["process_bytes", "gpu_bytes"],
    names: ["process", "GPU"],
    text: bytesText,
    unit: GIB,
    limits: { smallest: 0.5 },
    isExact: true,
  },
  gpu_share: {
    title: "GPU busy",
    series: ["gpu_share"],
    text: (value) => percent(value, 0),
    unit: 0.01,
    limits: { ceiling: 100, smallest: 2 },
    axis: (value, digits) => percent(value, digits),
  },
};
