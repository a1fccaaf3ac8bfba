/** The little linear algebra that training needs; matrices are arrays of rows. */

type Matrix = Float64Array[];

/** Sums of products of vectors, from which a covariance follows. */
export class Scatter {
  #count = 0;
  readonly #sums: Matrix;

  constructor(readonly size: number) {
    this.#sums = Array.from({ length: size }, () => new Float64Array(size));
  }

  add(vector: ArrayLike<number>): void {
    this.#count++;
    for (let i = 0; i < this.size; i++) {
      const row = this.#sums[i]!;
      for (let j = 0; j <= i; j++) row[j]! += vector[i]! * vector[j]!;
    }
  }

  /** Mean product of each pair of components. */
  mean(): Matrix {
    return this.#sums.map((_, i) =>
      Float64Array.from(
        { length: this.size },
        (__, j) => this.#sums[Math.max(i, j)]![Math.min(i, j)]! / this.#count,
      ),
    );
  }
}

/** Keeps the inversion below stable where a component hardly varies. */
const RIDGE = 1e-3;

/**
 * Linear discriminant analysis: the directions in which sounds differ most, compared with how much voices differ
 * that make the same sound. In these directions voices differ by 1 on average.
 *
 * @param within mean products of the differences between voices
 * @param overall mean products of everything
 */
export function discriminants(within: Matrix, overall: Matrix, count: number): Float64Array[] {
  const size = within.length;
  const trace = within.reduce((sum, row, i) => sum + row[i]!, 0) / size;
  const noise = eigen(
    within.map((row, i) => row.map((value, j) => (i === j ? value + RIDGE * trace : value))),
  );
  const whiten = noise.vectors.map((vector, i) => vector.map((value) => value / Math.sqrt(noise.values[i]!)));
  const whitened = multiply(multiply(whiten, overall), transpose(whiten));
  const signal = eigen(whitened);
  const order = [...signal.values.keys()].sort((a, b) => signal.values[b]! - signal.values[a]!);
  return multiply(
    order.slice(0, count).map((index) => signal.vectors[index]!),
    whiten,
  );
}

function multiply(a: Matrix, b: Matrix): Matrix {
  const columns = transpose(b);
  return a.map((row) =>
    Float64Array.from(columns, (column) =>
      row.reduce((sum, value, index) => sum + value * column[index]!, 0),
    ),
  );
}

function transpose(a: Matrix): Matrix {
  return Array.from(a[0]!, (_, j) => Float64Array.from(a, (row) => row[j]!));
}

const SWEEPS = 30;
const NEGLIGIBLE = 1e-14;

/** Eigenvalues and eigenvectors of a symmetric matrix by Jacobi rotations. */
function eigen(symmetric: Matrix): { values: number[]; vectors: Matrix } {
  const a = symmetric.map((row) => Float64Array.from(row));
  const size = a.length;
  const vectors = a.map((_, i) => Float64Array.from({ length: size }, (__, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let rotated = false;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        const off = a[p]![q]!;
        if (Math.abs(off) < NEGLIGIBLE) continue;
        rotated = true;
        const theta = (a[q]![q]! - a[p]![p]!) / (2 * off);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        for (const row of a) rotate(row, row, p, q, c, t * c);
        for (let k = 0; k < size; k++) rotateAcross(a[p]!, a[q]!, k, c, t * c);
        for (let k = 0; k < size; k++) rotateAcross(vectors[p]!, vectors[q]!, k, c, t * c);
      }
    }
    if (!rotated) break;
  }
  return { values: a.map((row, i) => row[i]!), vectors };
}

function rotate(x: Float64Array, y: Float64Array, p: number, q: number, c: number, s: number): void {
  const [xp, yq] = [x[p]!, y[q]!];
  x[p] = c * xp - s * yq;
  y[q] = s * xp + c * yq;
}

function rotateAcross(x: Float64Array, y: Float64Array, k: number, c: number, s: number): void {
  const [xk, yk] = [x[k]!, y[k]!];
  x[k] = c * xk - s * yk;
  y[k] = s * xk + c * yk;
}
