import { VOICE_RATE } from './detector';

/** Where voices have their energy (Hz): below is rumble and hum, above is hiss. */
const LOW_HZ = 250;
const HIGH_HZ = 3600;

/** One second-order section, in the form that needs two remembered values. */
class Biquad {
  private first = 0;
  private second = 0;

  constructor(
    private readonly b: readonly [number, number, number],
    private readonly a: readonly [number, number],
  ) {}

  filter(sample: number): number {
    const out = this.b[0] * sample + this.first;
    this.first = this.b[1] * sample - this.a[0] * out + this.second;
    this.second = this.b[2] * sample - this.a[1] * out;
    return out;
  }

  reset(): void {
    this.first = 0;
    this.second = 0;
  }
}

/** Lets pass what lies in the band of speech: a Butterworth high pass and low pass of second order each. */
export class SpeechBand {
  private readonly high = section('high', LOW_HZ);
  private readonly low = section('low', HIGH_HZ);

  filter(sample: number): number {
    return this.low.filter(this.high.filter(sample));
  }

  reset(): void {
    this.high.reset();
    this.low.reset();
  }
}

/** Coefficients of the bilinear transform with Q = 1/√2 (R. Bristow-Johnson, Audio EQ Cookbook). */
function section(pass: 'high' | 'low', hz: number): Biquad {
  const angle = (2 * Math.PI * hz) / VOICE_RATE;
  const cos = Math.cos(angle);
  const alpha = Math.sin(angle) / Math.SQRT2;
  const norm = 1 + alpha;
  const middle = pass === 'low' ? 1 - cos : -(1 + cos);
  const outer = Math.abs(middle) / 2;
  return new Biquad([outer / norm, middle / norm, outer / norm], [(-2 * cos) / norm, (1 - alpha) / norm]);
}
