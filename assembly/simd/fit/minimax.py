"""
Fits the polynomials of assembly/simd/math.ts and prints their coefficients, lowest power first. Run: python3 minimax.py

Remez's exchange algorithm (E. Remez, 1934) in 60-digit arithmetic (mpmath): the polynomial p(u(t)) of n coefficients
that minimises max |w(t) · (f(t) − p(u(t)))| over [lo, hi]. The weight w turns an error of p into a relative error of the function
that is built from it. The printed error is that minimum, before the coefficients are rounded to float32.
"""
from mpmath import mp, mpf, exp, expm1, log, log1p, tanh, sin, cos, atan, erf, erfc, sqrt, pi, matrix, lu_solve, chebyt, findroot
import struct

mp.dps = 60


def f32(x):
    return struct.unpack('f', struct.pack('f', float(x)))[0]


def remez(f, w, n, lo, hi, u=lambda t: t, rounds=12, grid=1500):
    lo, hi = mpf(lo), mpf(hi)
    points = [lo + (hi - lo) * (1 - cos(pi * i / n)) / 2 for i in range(n + 1)]
    ts = [lo + (hi - lo) * (1 - cos(pi * i / grid)) / 2 for i in range(grid + 1)]
    table = [(t, u(t), f(t), w(t)) for t in ts]
    for _ in range(rounds):
        a, b = matrix(n + 1, n + 1), matrix(n + 1, 1)
        for i, t in enumerate(points):
            for k in range(n):
                a[i, k] = u(t) ** k
            a[i, n] = (-1) ** i / w(t)
            b[i] = f(t)
        c = lu_solve(a, b)
        # One extremum of the error in every run of equal sign; the n + 1 adjacent ones with the largest minimum stay.
        runs = []
        for t, ut, ft, wt in table:
            e = wt * (ft - sum(c[k] * ut ** k for k in range(n)))
            if runs and (runs[-1][1] > 0) == (e > 0):
                if abs(e) > abs(runs[-1][1]):
                    runs[-1] = (t, e)
            else:
                runs.append((t, e))
        while len(runs) > n + 1:
            runs.pop(0 if abs(runs[0][1]) < abs(runs[-1][1]) else -1)
        if len(runs) < n + 1:
            break
        points = [t for t, _ in runs]
    return [c[k] for k in range(n)], max(abs(e) for _, e in runs)


def show(name, *args, **kw):
    c, err = remez(*args, **kw)
    print(f'{name}: error {float(err):.2e} = 2^{float(log(err, 2)):.1f}')
    for v in c:
        print(f'  {f32(v):.9g}')


def at(f, limit):
    """f, with its limit for t = 0."""
    return lambda t: mpf(limit) if abs(t) < mpf(10) ** -25 else f(t)


ln2 = log(mpf(2))
show('exp: (e^r − 1 − r) / r²', at(lambda r: (expm1(r) - r) / r**2, 0.5), lambda r: r**2 / exp(r) + mpf(10) ** -6, 5, -0.3467, 0.3467)
show('tanh: (tanh x − x) / x³ over x²', lambda z: (tanh(sqrt(z)) - sqrt(z)) / sqrt(z) ** 3, lambda z: sqrt(z) ** 3 / tanh(sqrt(z)), 4, mpf(10) ** -8, mpf('0.5501') ** 2)
show('log: (ln((1+s)/(1−s)) / s − 2) / s² over s²', lambda z: ((log1p(sqrt(z)) - log1p(-sqrt(z))) / sqrt(z) - 2) / z,
     lambda z: z / 2, 3, mpf(10) ** -8, (sqrt(mpf(2)) - 1) ** 4 + mpf('1e-5'))
q = pi / 4 + mpf('1e-5')
show('sin: (sin r − r) / r³ over r²', lambda z: (sin(sqrt(z)) - sqrt(z)) / sqrt(z) ** 3, lambda z: sqrt(z) ** 3 / sin(sqrt(z)), 3, mpf(10) ** -8, q * q)
show('cos: (cos r − 1 + r²/2) / r⁴ over r²', lambda z: (cos(sqrt(z)) - 1 + z / 2) / z**2, lambda z: z**2 / cos(sqrt(z)), 3, mpf(10) ** -8, q * q)
show('atan: (atan t − t) / t³ over t²', lambda z: (atan(sqrt(z)) - sqrt(z)) / sqrt(z) ** 3, lambda z: sqrt(z) ** 3 / atan(sqrt(z)), 5, mpf(10) ** -8, mpf('0.5501') ** 2)
show('erf below 0.92: erf x / x − 1 over x²', lambda z: erf(sqrt(z)) / sqrt(z) - 1, lambda z: sqrt(z) / erf(sqrt(z)), 6, mpf(10) ** -8, mpf('0.925') ** 2)
show('erf above 0.92: −ln(erfc t) / t − 1', lambda t: -log(erfc(t)) / t - 1, lambda t: t * erfc(t) / erf(t), 7, 0.915, 4)
