// What a person has put into a view so far, and the context its elements are drawn with.

import { holdsValue, initial } from "./elements.js";

const SLACK_TEXT_LIMIT = 3000; // plain_text_input without max_length

const slot = (block, el) => `${block.block_id}\n${el.action_id}`;

function* fieldsOf(view) {
  for (const block of view.blocks ?? []) {
    const held = [block.element, block.accessory, ...(block.type === "actions" ? block.elements ?? [] : [])];
    for (const el of held) if (el?.action_id && holdsValue(el)) yield [block, el];
  }
}

const isEmpty = (value) => value === "" || value === undefined || value === null || (Array.isArray(value) && !value.length);

/**
 * One view's draft. It outlives updates of the view: what was put into a block_id and action_id stays while both stay;
 * where the app changes one of them, the app's own initial value counts again, as in Slack.
 */
export class Draft {
  constructor() {
    this.put = new Map();
    this.errors = {};
  }

  value(view, block, el) {
    const key = slot(block, el);
    if (this.put.has(key)) return this.put.get(key);
    return view.values?.[block.block_id]?.[el.action_id] ?? initial(el);
  }

  /** `{block_id: {action_id: value}}` for everything that has a value, and for what was emptied again. */
  values(view) {
    const out = {};
    for (const [block, el] of fieldsOf(view)) {
      const value = this.value(view, block, el);
      if (!isEmpty(value) || this.put.has(slot(block, el))) (out[block.block_id] ??= {})[el.action_id] = value;
    }
    return out;
  }

  /** What Slack's own client says before it sends anything: {block_id: sentence}. */
  missing(view) {
    const out = {};
    for (const [block, el] of fieldsOf(view)) {
      if (block.type !== "input") continue;
      const sentence = complaint(this.value(view, block, el), block, el);
      if (sentence) out[block.block_id] = sentence;
    }
    return out;
  }
}

function complaint(value, block, el) {
  if (isEmpty(value)) return block.optional ? null : "Please complete this required field.";
  const length = typeof value === "string" ? [...value].length : 0;
  const most = el.max_length ?? (el.type === "plain_text_input" ? SLACK_TEXT_LIMIT : Infinity);
  if (length > most) return `This is ${length - most} characters too long; the limit is ${most}.`;
  if (el.min_length && length < el.min_length) return `Please enter at least ${el.min_length} characters.`;
  if (Array.isArray(value) && el.max_selected_items && value.length > el.max_selected_items) {
    return `Please choose at most ${el.max_selected_items}.`;
  }
  return null;
}

/** The context of a view's elements. `hands`: {pressView, options, tell} of the person; `changed()` after each put. */
export function viewContext({ base, view, draft, hands, submit, changed }) {
  const current = typeof view === "function" ? view : () => view;
  return {
    ...base,
    value: (block, el) => draft.value(current(), block, el),
    put: (block, el, value) => {
      draft.put.set(slot(block, el), value);
      changed?.(block);
    },
    press: (block, el, value) => hands.pressView({
      view_id: current().id, block_id: block.block_id, action_id: el.action_id, value, values: draft.values(current()),
    }),
    options: (block, el, query) => hands.options({
      view_id: current().id, block_id: block.block_id, action_id: el.action_id, query,
    }),
    submit,
  };
}
