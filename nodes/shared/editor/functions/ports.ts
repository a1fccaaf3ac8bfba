/** What the outputs of a node follow from: its functions, then "cancelled", then "to confirm" if a function needs it. */
export interface Ports {
  /** For each function the index it had when the dialog was opened; undefined for a new one. */
  origins: readonly (number | undefined)[];
  confirm: boolean;
}

/**
 * Where each output has gone, in the form in which Node-RED's own nodes tell the editor (`node-input-outputs`), so that wires
 * and labels go with it: old index → new index, -1 for an output that is gone, any other key for a new one.
 */
export function outputMap(
  before: { functions: number; confirm: boolean },
  now: Ports,
): Record<string, number> {
  const map: Record<string, number> = {};
  for (let old = 0; old < before.functions; old += 1) map[old] = now.origins.indexOf(old);
  now.origins.forEach((origin, index) => {
    if (origin === undefined) map[`new-${index}`] = index;
  });
  map[before.functions] = now.origins.length;
  const last = now.origins.length + 1;
  if (before.confirm) map[before.functions + 1] = now.confirm ? last : -1;
  else if (now.confirm) map['new-confirm'] = last;
  return map;
}
