export type { WakeWordEar, WakeWordHooks, WakeWordService } from './service';
