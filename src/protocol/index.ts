/// <reference types="node" preserve="true" />
/**
 * The Live protocol without a socket: types of every message, encoders that write what the official SDK writes,
 * a decoder that survives anything, and what closes mean.
 *
 * @packageDocumentation
 */
export * from './auth-token';
export * from './check';
export * from './close';
export * from './config';
export { toContent } from './content';
export * from './decode';
export * from './durations';
export * from './encode';
export * from './endpoint';
export * from './errors';
export * from './fit';
export * from './function-check';
export { fitsSchema } from './json-schema';
export * from './messages';
export * from './profiles';
export * from './recording';
export { Redactor, type RedactorOptions } from './recording-redact';
export { schemas, types, toCamel, toSnake } from './schema';
export type { FieldDef, FieldType, MessageKind, SchemaFile, TypeDef } from './schema';
export * from './setup';
export { Sound } from './sound-frame';
export { isCallable, resolveTools } from './tools';
export { isObject, walk } from './walk';
export type { Problem, WalkOptions } from './walk';
export type * from './wire';
