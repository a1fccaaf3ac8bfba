/** Types that a schema stands for. Both JSON Schema and the API's `Schema` with its upper-case types are read. */

/** What fits a schema; `unknown` where the schema does not tell, or is known only at run time. */
export type FromSchema<S> = S extends { readonly nullable: true } ? Fitting<S> | null : Fitting<S>;

/** Arguments that fit the schema of a function's parameters. */
export type ArgumentsOf<S> =
  FromSchema<S> extends infer A ? (unknown extends A ? Record<string, unknown> : A) : never;

type Fitting<S> = S extends { readonly const: infer C }
  ? C
  : S extends { readonly enum: ReadonlyArray<infer E> }
    ? E
    : S extends { readonly anyOf: ReadonlyArray<infer A> }
      ? FromSchema<A>
      : S extends { readonly oneOf: ReadonlyArray<infer O> }
        ? FromSchema<O>
        : S extends { readonly type: infer T }
          ? OfType<TypeName<T>, S>
          : S extends { readonly properties: object }
            ? OfType<'object', S>
            : unknown;

/** `"STRING"` and `["string", "null"]` are both names. */
type TypeName<T> = T extends string ? Lowercase<T> : T extends ReadonlyArray<infer U> ? TypeName<U> : never;

type OfType<T, S> = T extends 'string'
  ? string
  : T extends 'number' | 'integer'
    ? number
    : T extends 'boolean'
      ? boolean
      : T extends 'null'
        ? null
        : T extends 'array'
          ? S extends { readonly items: infer I }
            ? Array<FromSchema<I>>
            : unknown[]
          : T extends 'object'
            ? Fields<S>
            : unknown;

type Fields<S> = S extends { readonly properties: infer P }
  ? Flat<
      { -readonly [K in keyof P as K extends Required<S> ? K : never]: FromSchema<P[K]> } & {
        -readonly [K in keyof P as K extends Required<S> ? never : K]?: FromSchema<P[K]>;
      }
    >
  : Record<string, unknown>;

type Required<S> = S extends { readonly required: ReadonlyArray<infer R> } ? R : never;

/** One object type instead of an intersection, so that it reads well in an editor. */
type Flat<T> = { [K in keyof T]: T[K] };
