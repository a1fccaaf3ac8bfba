import {
  CREDENTIALS,
  FIELDS,
  SECTIONS,
  type Field,
  type FieldName,
  type SectionName,
} from '../../nodes/config/fields';

const PREFIX = 'node-config-input-';

/**
 * Fills the dialog of the config node from the table of its fields: `<!-- section: name -->` becomes the rows of a section,
 * `/* fields *\/` and `/* credentials *\/` what `registerType` must be told, as a literal that other programs can read.
 */
export function fillDialog(html: string): string {
  return html
    .replace(/<!-- section: (\w+) -->/g, (_all, name: SectionName) => section(name))
    .replace('/* fields */', defaults())
    .replace('/* credentials */', JSON.stringify(CREDENTIALS).slice(1, -1));
}

function section(name: SectionName): string {
  const rows = Object.entries(SECTIONS[name] as Record<string, Field>).map(([field, of]) => row(field, of));
  return `<div class="gemini-live-section"><h4 data-i18n="section.${name}"></h4>\n${rows.join('\n')}\n</div>`;
}

function row(name: string, field: Field): string {
  const show = field.show ? ` data-show="${field.show}"` : '';
  return `<div class="form-row"${show}>${field.kind === 'check' ? checkbox(name) : labelled(name, field)}</div>`;
}

function checkbox(name: string): string {
  const id = PREFIX + name;
  const input = `<input type="checkbox" id="${id}" class="gemini-live-check">`;
  return `<label></label><label for="${id}" class="gemini-live-wide">${input} <span data-i18n="label.${name}"></span></label>`;
}

function labelled(name: string, field: Field): string {
  const { icon, unit } = field;
  const picture = icon ? `<i class="fa fa-${icon}"></i> ` : '';
  const label = `<label for="${PREFIX}${name}">${picture}<span data-i18n="label.${name}"></span></label>`;
  const after = unit ? ` <span class="gemini-live-unit" data-i18n="unit.${unit}"></span>` : '';
  return `${label}\n${element(name, field)}${after}`;
}

function element(name: string, { kind, options, list, hint }: Field): string {
  const id = `id="${PREFIX}${name}"`;
  const placeholder = !hint
    ? ''
    : hint.startsWith('=')
      ? ` placeholder="${escaped(hint.slice(1))}"`
      : ` data-i18n="[placeholder]placeholder.${hint}"`;
  switch (kind) {
    case 'select':
      return `<select ${id}>${(options ?? []).map((value) => option(name as FieldName, value)).join('')}</select>`;
    case 'choice':
      return `<input type="text" ${id} data-choice="${list}"${list === 'scenarios' ? ' data-other="choice.scenarioFile"' : ''}>`;
    case 'password':
      return `<input type="password" ${id}${placeholder} autocomplete="new-password">`;
    case 'area':
      return `<textarea ${id} rows="4"${placeholder}></textarea>`;
    case 'secret':
    case 'json':
      return `<textarea ${id} rows="3" spellcheck="false"${kind === 'secret' ? ' data-secret' : ''}${placeholder}></textarea>`;
    default:
      return `<input type="text" ${id}${kind === 'text' ? '' : ' class="gemini-live-number"'}${placeholder}>`;
  }
}

/** An option with its text; versions are their own. Several fields have the same options. */
function option(name: FieldName, value: string): string {
  if (/^v\d/.test(value)) return `<option value="${value}">${value}</option>`;
  const own = name === 'proxyMode' ? 'environment' : 'own';
  const key = value === '' ? `option.${own}` : /^[A-Z]/.test(value) ? `option.${value}` : `${name}.${value}`;
  return `<option value="${value}" data-i18n="${key}"></option>`;
}

/** Passwords are checked as well, once they are typed. */
function defaults(): string {
  const check = (name: string): string =>
    `validate: function (value, _opt) { return window.geminiLive ? window.geminiLive.validate.config(this, '${name}', value) : true; }`;
  return Object.entries(FIELDS)
    .filter(([, { credential }]) => !credential)
    .map(([name, { kind, value }]) =>
      kind === 'check'
        ? `${name}: { value: ${value} }`
        : `${name}: { value: ${JSON.stringify(value)}, ${check(name)} }`,
    )
    .join(',\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
}
