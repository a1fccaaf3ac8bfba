type Child = Node | string | undefined | false;

/** Makes an element. `class` and `title` are what they are in HTML; everything else is a property of the element. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Partial<Omit<HTMLElementTagNameMap[Tag], 'style' | 'children'>> & { class?: string } = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  const { class: className, ...rest } = properties;
  if (className) element.className = className;
  Object.assign(element, rest);
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

/** A small button of the editor. It has an icon, a text, or both. */
export function button(
  { icon, text, title }: { icon?: string; text?: string; title?: string },
  click: () => void,
): HTMLButtonElement {
  const element = h(
    'button',
    { type: 'button', class: 'red-ui-button red-ui-button-small', ...(title ? { title } : {}) },
    icon !== undefined && h('i', { class: `fa fa-${icon}` }),
    text !== undefined && ` ${text}`,
  );
  element.addEventListener('click', click);
  return element;
}

/** A list of which one is chosen. */
export function select(
  options: readonly { value: string; label: string }[],
  value: string,
  changed: (value: string) => void,
): HTMLSelectElement {
  const element = h('select', {}, ...options.map((option) => new window.Option(option.label, option.value)));
  element.value = value;
  element.addEventListener('change', () => changed(element.value));
  return element;
}
