// What `make lint` asks of the JavaScript in pages/components and its tests.

import js from "@eslint/js";
import globals from "globals";

const RULES = {
  ...js.configs.recommended.rules,
  curly: ["error", "multi-line"],
  eqeqeq: ["error", "always", { null: "ignore" }],
  "default-case-last": "error",
  "no-implicit-globals": "error",
  "no-shadow": "error",
  "no-unused-expressions": ["error", { allowShortCircuit: true }],
  "no-unused-vars": ["error", { ignoreRestSiblings: true }],
  "no-useless-return": "error",
  "no-var": "error",
  "object-shorthand": "error",
  "prefer-const": "error",
  "prefer-template": "error",
};

export default [
  {
    files: ["pages/**/*.js"],
    languageOptions: { ecmaVersion: 2023, sourceType: "module", globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: RULES,
  },
  {
    files: ["tests/javascript/**/*.js", "eslint.config.js"],
    languageOptions: { ecmaVersion: 2023, sourceType: "module", globals: globals.node },
    rules: RULES,
  },
];
