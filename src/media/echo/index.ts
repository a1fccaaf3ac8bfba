/** Echo: what keeps a microphone from hearing the loudspeaker beside it. */
export { ECHO_MODES, EchoGuard, type EchoMode, type EchoOptions } from './guard';
