/** Voice activity detection: who speaks, from when to when. */
export { ACTIVITY_DEFAULTS, ActivityDetector, type ActivityOptions, type ActivityStep } from './activity';
export { VOICE_RATE, type VoiceDetector } from './detector';
export { EnergyDetector, type EnergyOptions } from './energy';
export { openSilero, SILERO_INSTALL, type SileroOptions } from './silero';
