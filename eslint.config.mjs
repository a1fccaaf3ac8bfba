import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import globals from 'globals';

/** Imports only go down the floors (docs/design.md): name the folders a floor must not know. */
const floor = (files, ...forbidden) => ({
  files,
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: forbidden.map((name) => ({
          regex: `(^|/)${name}(/|$)`,
          message: `${name} is above or beside this floor`,
        })),
      },
    ],
  },
});

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/'] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: ['error', 'smart'],
      'no-console': 'error',
    },
  },
  {
    // What runs in the browser has a TypeScript project of its own.
    files: ['nodes/**/editor.ts', 'nodes/shared/editor/**/*.ts', 'src/talk/page/**/*.ts'],
    languageOptions: {
      parserOptions: {
        projectService: false,
        project: './tsconfig.editor.json',
        tsconfigRootDir: import.meta.dirname,
      },
    },
  },
  { files: ['src/cli/**', 'scripts/**', 'bench/**'], rules: { 'no-console': 'off' } },
  floor(['src/protocol/**/*.ts'], 'media', 'live', 'server', 'talk', 'nodes'),
  floor(['src/media/**/*.ts'], 'protocol', 'live', 'server', 'talk', 'nodes'),
  floor(['src/live/**/*.ts'], 'server', 'talk', 'nodes', 'cli'),
  floor(['src/talk/**/*.ts'], 'protocol', 'live', 'server', 'nodes', 'cli'),
  floor(['src/server/**/*.ts'], 'live', 'talk', 'nodes', 'cli'),
  {
    // A subflow of tests needs expressions like `assert.ok(x)` only; chai-style property assertions are not used.
    files: ['test/**/*.ts'],
    languageOptions: { globals: globals.mocha },
  },
);
